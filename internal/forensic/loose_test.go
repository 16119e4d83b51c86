package forensic

import (
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/v2"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify"
)

// apart is evidence whose proofs lie in files of their own.
type apart struct {
	bundle       string // without them
	entry        map[string]any
	stamp        []byte
	stampedToken []byte // without the response around it
}

// takeApart takes the proofs out of a bundle.
func takeApart(t testing.TB, text []byte) apart {
	t.Helper()
	items, _, err := bundle.Read(input.FromBytes("bundle", text))
	require.NoError(t, err)
	var out apart
	if m := &items[0].Material; len(m.LogEntries) > 0 {
		require.NoError(t, json.Unmarshal(m.LogEntries[0], &out.entry))
	}
	stamps, err := items[0].Material.TimestampResponses()
	require.NoError(t, err)
	if len(stamps) > 0 {
		out.stamp = stamps[0]
		var response struct{ Status, Token asn1.RawValue }
		_, err = asn1.Unmarshal(out.stamp, &response)
		require.NoError(t, err)
		out.stampedToken = response.Token.FullBytes
	}
	var b map[string]any
	require.NoError(t, json.Unmarshal(text, &b))
	material := b["verificationMaterial"].(map[string]any)
	delete(material, "tlogEntries")
	delete(material, "timestampVerificationData")
	out.bundle = marshal(t, b)
	return out
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v, json.Deterministic(true))
	require.NoError(t, err)
	return string(b)
}

// asAPI is an entry as Rekor v1 serves it.
func asAPI(t testing.TB, entry map[string]any) string {
	t.Helper()
	text := func(v any) string { return v.(string) }
	number := func(v any) int64 {
		n, err := strconv.ParseInt(text(v), 10, 64)
		require.NoError(t, err)
		return n
	}
	hexed := func(v any) string {
		b, err := base64.StdEncoding.DecodeString(text(v))
		require.NoError(t, err)
		return hex.EncodeToString(b)
	}
	proof := entry["inclusionProof"].(map[string]any)
	hashes := []string{}
	for _, h := range proof["hashes"].([]any) {
		hashes = append(hashes, hexed(h))
	}
	return marshal(t, map[string]any{
		"body": entry["canonicalizedBody"], "integratedTime": number(entry["integratedTime"]),
		"logID": hexed(entry["logId"].(map[string]any)["keyId"]), "logIndex": number(entry["logIndex"]),
		"verification": map[string]any{
			"signedEntryTimestamp": entry["inclusionPromise"].(map[string]any)["signedEntryTimestamp"],
			"inclusionProof": map[string]any{
				"checkpoint": proof["checkpoint"].(map[string]any)["envelope"], "hashes": hashes, "logIndex": number(proof["logIndex"]),
				"rootHash": hexed(proof["rootHash"]), "treeSize": number(proof["treeSize"]),
			},
		},
	})
}

func checkpointIn(entry map[string]any) string {
	return entry["inclusionProof"].(map[string]any)["checkpoint"].(map[string]any)["envelope"].(string)
}

// looseCase is a case of evidence and files beside it.
func looseCase(t *testing.T, w *world.World, files map[string]string) (*Verdict, *seen) {
	t.Helper()
	d := newDesk(t)
	d.inWorld(w)
	for name, content := range files {
		d.write("evidence/"+name, content)
	}
	v, s, err := d.judge(t.Context(), d.snapshot(Options{Case: "CASE-7", At: testTime}, d.path("evidence")).tar(), "")
	require.NoError(t, err)
	return v, s
}

// proofs are what became of the proofs in files of their own: member, status and words.
func (s *seen) proofs() map[string]string {
	out := make(map[string]string)
	for _, r := range s.results {
		for _, c := range r.Checks {
			if c.Name == checkProof {
				out[r.Evidence[0].Member] = string(c.Status) + " " + c.Message
			}
		}
	}
	return out
}

const (
	looseEntry = "transparency/evidence/a.logentry.json"
	looseStamp = "timestamps/evidence/a.tsr"
	overBundle = "the signature in attestations/evidence/a.sigstore.json"
)

// TestLooseProofsCount has evidence that is nothing without its proofs, which lie beside it.
func TestLooseProofsCount(t *testing.T) {
	w := world.New(t.Name())
	for name, o := range map[string]world.Options{"v1": {}, "v2": {Log: world.LogV2}} {
		a := takeApart(t, w.Bundle(o))
		entry := marshal(t, a.entry)
		_, s := looseCase(t, w, map[string]string{"a.sigstore.json": a.bundle})
		assert.Contains(t, s.failures(), "attestations/evidence/a.sigstore.json log log.missing", name)
		v, s := looseCase(t, w, map[string]string{"a.sigstore.json": a.bundle, "a.logentry.json": entry, "a.tsr": string(a.stamp)})
		assert.Empty(t, s.failures(), name)
		assert.True(t, v.Whole.Verified)
		proofs := s.proofs()
		assert.Contains(t, proofs[looseEntry], "passed entry ", name)
		assert.Contains(t, proofs[looseEntry], overBundle, name)
		assert.Contains(t, proofs[looseStamp], "passed stamped by https://tsa.world.test at 2026-06-01T", name)
	}
}

// TestLooseForms reads proofs in each of their forms.
func TestLooseForms(t *testing.T) {
	w := world.New(t.Name())
	a := takeApart(t, w.Bundle(world.Options{}))
	api := asAPI(t, a.entry)
	for name, content := range map[string]string{
		"a.logentry.json": `{"` + uuidOf(t, a.entry) + `":` + api + `}`, "b.logentry.json": api,
		"a.tst": string(a.stampedToken), "b.tsr": base64.StdEncoding.EncodeToString(a.stamp),
	} {
		_, s := looseCase(t, w, map[string]string{"a.sigstore.json": a.bundle, name: content})
		proofs := s.proofs()
		require.Len(t, proofs, 1, name)
		for member, words := range proofs {
			assert.Contains(t, words, "passed ", member)
		}
	}
	_, s := looseCase(t, w, map[string]string{"a.logentry.json": `{"` + strings.Repeat("0", 64) + `":` + api + `}`})
	assert.Equal(t, []string{looseEntry + " proof log.invalid"}, s.failures())
}

func uuidOf(t testing.TB, entry map[string]any) string {
	t.Helper()
	body, err := base64.StdEncoding.DecodeString(entry["canonicalizedBody"].(string))
	require.NoError(t, err)
	leaf := newMerkle(nil)
	require.NoError(t, leaf.add(body))
	root, err := leaf.root()
	require.NoError(t, err)
	return root
}

// TestLooseProofsProveNothing has proofs that are as they should be, and are about nothing
// there or by nobody who is trusted: that is said, and is no failure.
func TestLooseProofsProveNothing(t *testing.T) {
	w := world.New(t.Name())
	key := world.Options{Signer: world.Key}
	a := takeApart(t, w.Bundle(key))
	key.Artifact = []byte("another one")
	other := takeApart(t, w.Bundle(key))
	v, s := looseCase(t, w, map[string]string{
		"a.sigstore.json": a.bundle, "a.logentry.json": marshal(t, other.entry), "a.tsr": string(other.stamp), "b.tsq": "a request",
		"c.checkpoint": "weights of a model", "d.tlog-proof": tlogProof + "v1\nindex 1\n\n" + checkpointIn(a.entry),
	})
	assert.Empty(t, s.failures())
	assert.True(t, v.Whole.Verified)
	proofs := s.proofs()
	assert.Len(t, proofs, 5)
	for member, words := range proofs {
		assert.Contains(t, words, "not_demanded not established: ", member)
	}
	stranger := w.Stranger()
	b := takeApart(t, stranger.Bundle(world.Options{Signer: world.Key}))
	d := newDesk(t)
	d.inWorld(stranger)
	keys := d.policy.Trust
	d.inWorld(w)
	d.policy.Trust = keys // whoever signed is trusted, and no log of theirs
	for name, content := range map[string]string{"a.sigstore.json": b.bundle, "a.logentry.json": marshal(t, b.entry), "a.checkpoint": checkpointIn(b.entry)} {
		d.write("evidence/"+name, content)
	}
	_, s, err := d.judge(t.Context(), d.snapshot(Options{Case: "CASE-7", At: testTime}, d.path("evidence")).tar(), "")
	require.NoError(t, err)
	assert.Empty(t, s.failures())
	for member, words := range s.proofs() {
		assert.Contains(t, words, "by an authority that is not trusted", member)
	}
	d.policy.Root = nil
	_, s, err = d.judge(t.Context(), d.snapshot(Options{Case: "CASE-7", At: testTime}, d.path("evidence")).tar(), "")
	require.NoError(t, err)
	assert.Empty(t, s.failures())
	for member, words := range s.proofs() {
		assert.Contains(t, words, "trusted", member)
	}
}

// TestWrongLooseProofs names each proof that is not what it should be at its place.
func TestWrongLooseProofs(t *testing.T) {
	w := world.New(t.Name())
	a := takeApart(t, w.Bundle(world.Options{Signer: world.Key}))
	entry := marshal(t, a.entry)
	flipped := func(b string, at int) string { c := []byte(b); c[at] ^= 1; return string(c) }
	promise := a.entry["inclusionPromise"].(map[string]any)["signedEntryTimestamp"].(string)
	root := a.entry["inclusionProof"].(map[string]any)["rootHash"].(string)
	checkpoint := checkpointIn(a.entry)
	for name, content := range map[string]string{
		"a.logentry.json": strings.Replace(entry, promise, base64.StdEncoding.EncodeToString([]byte("no promise")), 1),
		"b.logentry.json": strings.Replace(entry, root, base64.StdEncoding.EncodeToString(make([]byte, 32)), 1),
		"c.logentry.json": "{}",
		"d.logentry.json": entry[:len(entry)/2],
		"a.tsr":           flipped(string(a.stamp), len(a.stamp)-1),
		"b.tsr":           "no time stamp",
		"a.checkpoint":    flipped(checkpoint, strings.Index(checkpoint, "\n")+1),
		"a.tlog-proof":    tlogProof + "v1\n",
	} {
		_, s := looseCase(t, w, map[string]string{"a.sigstore.json": a.bundle, name: content})
		require.Len(t, s.failures(), 1, name)
		assert.Regexp(t, `^(transparency|timestamps)/evidence/`+name+` proof (log|timestamp)\.invalid$`, s.failures()[0])
	}
	v, s := looseCase(t, w, map[string]string{"a.sigstore.json": a.bundle, "a.checkpoint": checkpoint})
	assert.True(t, v.Whole.Verified)
	assert.Contains(t, s.proofs()["transparency/evidence/a.checkpoint"], "passed checkpoint of the log https://rekor.world.test at size ")
}

// TestStampedFiles judges time stamps over whole files: an envelope, whose signature was there then,
// and an entry.
func TestStampedFiles(t *testing.T) {
	w := world.New(t.Name())
	d := newDesk(t)
	d.inWorld(w)
	d.attest("evidence/a.dsse.json", "app", "the app")
	envelope, err := os.ReadFile(d.path("evidence/a.dsse.json"))
	require.NoError(t, err)
	d.write("evidence/app", "the app")
	d.write("evidence/a.tsr", string(w.TSA.Stamp(envelope, world.Stamp{})))
	d.write("evidence/app.tsr", string(w.TSA.Stamp([]byte("the app"), world.Stamp{})))
	m := d.snapshot(Options{Case: "CASE-7", At: testTime}, d.path("evidence"))
	v, s, err := d.judge(t.Context(), m.tar(), "")
	require.NoError(t, err)
	assert.Empty(t, s.failures())
	assert.True(t, v.Whole.Verified)
	assert.Contains(t, s.proofs()[looseStamp], "over the signature in attestations/evidence/a.dsse.json")
	assert.Contains(t, s.proofs()["timestamps/evidence/app.tsr"], "over the entry with sha256:"+fmt.Sprintf("%x", sha256.Sum256([]byte("the app"))))
	for _, r := range s.results {
		if r.Evidence[0].Member == "attestations/evidence/a.dsse.json" {
			assert.Equal(t, verify.ProofTimestamp, r.Signers[0].Time.Source)
		}
	}
}
