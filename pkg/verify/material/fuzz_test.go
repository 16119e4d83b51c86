package material_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify/material"
)

// A fuzzed is good evidence of which one part is replaced by what the fuzzer
// makes.
type fuzzed struct {
	root   *material.Root
	signed material.Signed
	entry  jsontext.Value
	stamps jsontext.Value
	e      *world.Evidence
}

func newFuzzed(f testing.TB, o world.Options) fuzzed {
	e := world.New("fuzz").Evidence(o)
	root, err := trust(e)
	require.NoError(f, err)
	item, signed := read(f, e)
	out := fuzzed{root: root, signed: signed, stamps: item.Material.Timestamps, e: e}
	if len(item.Material.LogEntries) > 0 {
		out.entry = item.Material.LogEntries[0]
	}
	return out
}

// kinds are evidence with each type of log entry.
func kinds() []world.Options {
	return []world.Options{
		{}, {Entry: world.Intoto}, {Content: world.Message}, {Log: world.LogV2, Cosignatures: 1}, {Log: world.LogV1Promise, Version: world.V01},
	}
}

// check fails unless a finding's error has the reason that it must have, in words
// that can stand in a report.
func check(t *testing.T, err error, want fault.Reason) {
	t.Helper()
	if err == nil || errors.Is(err, material.ErrNotTrusted) {
		return
	}
	require.Equal(t, want, fault.ReasonOf(err), "%v", err)
	require.Equal(t, -1, strings.IndexFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }), "%q", err)
}

// FuzzLogEntry replaces log entries as a whole.
func FuzzLogEntry(f *testing.F) {
	var all []fuzzed
	for i, o := range kinds() {
		all = append(all, newFuzzed(f, o))
		f.Add(byte(i), []byte(all[i].entry))
	}
	f.Fuzz(func(t *testing.T, i byte, entry []byte) {
		z := all[int(i)%len(all)]
		for _, found := range z.root.LogEntries([]jsontext.Value{entry, entry}, z.signed, "", z.e.At) {
			check(t, found.Err, fault.LogInvalid)
		}
	})
}

// FuzzBody replaces the body of log entries. Only what the log holds is accepted.
func FuzzBody(f *testing.F) {
	var all []fuzzed
	var bodies [][]byte
	for i, o := range kinds() {
		z := newFuzzed(f, o)
		var members struct {
			Body string `json:"canonicalizedBody"`
		}
		require.NoError(f, json.Unmarshal(z.entry, &members))
		body, err := base64.StdEncoding.DecodeString(members.Body)
		require.NoError(f, err)
		all, bodies = append(all, z), append(bodies, body)
		f.Add(byte(i), body)
	}
	f.Fuzz(func(t *testing.T, i byte, body []byte) {
		n := int(i) % len(all)
		entry := jsontext.Value(bytes.Replace(all[n].entry, []byte(base64.StdEncoding.EncodeToString(bodies[n])), []byte(base64.StdEncoding.EncodeToString(body)), 1))
		found := all[n].root.LogEntries([]jsontext.Value{entry}, all[n].signed, "", all[n].e.At)[0]
		check(t, found.Err, fault.LogInvalid)
		require.Equal(t, bytes.Equal(body, bodies[n]), found.Err == nil, "%v", found.Err)
	})
}

// FuzzCheckpoint replaces the checkpoint of log entries.
func FuzzCheckpoint(f *testing.F) {
	all := []fuzzed{newFuzzed(f, world.Options{}), newFuzzed(f, world.Options{Log: world.LogV2, Cosignatures: 2})}
	for i, z := range all {
		_, text := withCheckpoint(f, z.entry, "")
		f.Add(i == 1, text)
	}
	f.Fuzz(func(t *testing.T, second bool, text string) {
		z := all[0]
		if second {
			z = all[1]
		}
		entry, _ := withCheckpoint(t, z.entry, text)
		check(t, z.root.LogEntries([]jsontext.Value{entry}, z.signed, "", z.e.At)[0].Err, fault.LogInvalid)
	})
}

// withCheckpoint puts another checkpoint into a log entry, and returns the old one.
func withCheckpoint(t testing.TB, entry jsontext.Value, text string) (changed jsontext.Value, old string) {
	t.Helper()
	var members map[string]any
	require.NoError(t, json.Unmarshal(entry, &members))
	proof, ok := members["inclusionProof"].(map[string]any)
	require.True(t, ok)
	checkpoint, ok := proof["checkpoint"].(map[string]any)
	require.True(t, ok)
	old, ok = checkpoint["envelope"].(string)
	require.True(t, ok)
	checkpoint["envelope"] = strings.ToValidUTF8(text, "")
	changed, err := json.Marshal(members)
	require.NoError(t, err)
	return changed, old
}

// FuzzToken replaces time stamps. What is accepted is of the time that was signed.
func FuzzToken(f *testing.F) {
	z := newFuzzed(f, world.Options{})
	w := world.New("fuzz")
	for _, s := range []world.Stamp{{At: z.e.At}, {At: z.e.At, NoCertificate: true}} {
		f.Add(w.TSA.Stamp(z.signed.Signature, s))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		found := z.root.Token(der, z.signed.Signature, z.e.At)
		check(t, found.Err, fault.TimestampInvalid)
		require.True(t, found.Err != nil || found.Time.Equal(z.e.At))
	})
}

// FuzzTimestamps replaces the list of time stamps.
func FuzzTimestamps(f *testing.F) {
	z := newFuzzed(f, world.Options{})
	f.Add([]byte(z.stamps))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, found := range z.root.Timestamps(data, z.signed.Signature, z.e.At) {
			check(t, found.Err, fault.TimestampInvalid)
		}
	})
}

// FuzzLeaf replaces the signer's certificate.
func FuzzLeaf(f *testing.F) {
	z := newFuzzed(f, world.Options{})
	f.Add(z.e.Leaf().Raw)
	f.Add(newFuzzed(f, world.Options{Signer: world.PrivateCA}).e.Leaf().Raw)
	f.Fuzz(func(t *testing.T, der []byte) {
		leaf, err := material.ParseLeaf([][]byte{der})
		if err != nil {
			check(t, err, fault.CertificateInvalid)
			return
		}
		chain, err := z.root.Chain(leaf, z.e.At)
		if err != nil {
			return
		}
		for _, found := range z.root.SCTs(chain) {
			check(t, found.Err, fault.SCTInvalid)
		}
	})
}

// FuzzTrust reads trust of all kinds.
func FuzzTrust(f *testing.F) {
	e := world.New("fuzz").Evidence(world.Options{Signer: world.PrivateCA})
	f.Add(e.TrustedRoot)
	f.Add(append(e.CA, e.CRLs...))
	f.Add([]byte(e.Demand.Witnesses[0]))
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := material.ParseRoot("root", data)
		check(t, err, fault.TrustMalformed)
		cas, err := material.ParseCAs("cas", data)
		check(t, err, fault.TrustMalformed)
		tsa, err := material.ParseTSA("tsa", data)
		check(t, err, fault.TrustMalformed)
		witnesses, err := material.ParseWitnesses(string(data))
		check(t, err, fault.TrustMalformed)
		joined, err := material.Join(root, cas, tsa, witnesses)
		require.NoError(t, err)
		joined.Authorities()
	})
}
