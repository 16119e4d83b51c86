package material_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify/material"
)

// TestPublicGood lists whom the public-good root trusts.
func TestPublicGood(t *testing.T) {
	data := readFirst(t, testkit.SharedData(t, "sigstore/trusted_root.public-good.json"))
	r, err := material.ParseRoot("trusted_root.json", data)
	require.NoError(t, err)
	kinds := map[string][]string{}
	for _, a := range r.Authorities() {
		kinds[a.Kind] = append(kinds[a.Kind], a.Name)
		assert.False(t, a.From.IsZero(), "%+v", a)
		assert.Regexp(t, "^[0-9a-f]{64}$", a.ID)
	}
	assert.ElementsMatch(t, []string{"https://fulcio.sigstore.dev", "https://fulcio.sigstore.dev"}, kinds[material.KindCA])
	assert.ElementsMatch(t, []string{"https://rekor.sigstore.dev", "https://log2025-1.rekor.sigstore.dev"}, kinds[material.KindLog])
	assert.ElementsMatch(t, []string{"https://ctfe.sigstore.dev/test", "https://ctfe.sigstore.dev/2022"}, kinds[material.KindCTLog])
	assert.Equal(t, []string{"https://timestamp.sigstore.dev/api/v1/timestamp"}, kinds[material.KindTSA])
}

// TestRootLines reads several roots, one a line, and a root that is written over
// several lines.
func TestRootLines(t *testing.T) {
	one, two := world.New("one"), world.New("two")
	lines := string(one.TrustedRoot()) + "\n\n" + string(two.TrustedRoot()) + "\n"
	for name, text := range map[string]string{
		"lines":       lines,
		"the same":    lines + string(one.TrustedRoot()),
		"pretty":      strings.ReplaceAll(lines, ",", ",\n\t"),
		"white space": " \r\n\t" + lines + " ",
	} {
		t.Run(name, func(t *testing.T) {
			r, err := material.ParseRoot("roots.jsonl", []byte(text))
			require.NoError(t, err)
			for _, w := range []*world.World{one, two} {
				leaf, err := material.ParseLeaf([][]byte{w.Evidence(world.Options{}).Leaf().Raw})
				require.NoError(t, err)
				_, err = r.Chain(leaf, w.Clock.Now())
				require.NoError(t, err)
			}
		})
	}
}

// TestRootRefuses reads what is no trusted root.
func TestRootRefuses(t *testing.T) {
	good := string(world.New("refused").TrustedRoot())
	replace := func(old, by string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, by, 1)
	}
	tests := map[string]struct{ text, want string }{
		"nothing":           {"", "empty"},
		"white space":       {" \n", "empty"},
		"text":              {"no root", "invalid character"},
		"list":              {"[]", "unexpected token"},
		"truncated":         {good[:len(good)-1], "unexpected EOF"},
		"second line":       {good + "\n{\"a\":\n1}", `"root.json", line 2`},
		"duplicate":         {replace(`"tlogs":`, `"tlogs":[],"tlogs":`), "duplicate"},
		"duplicate, deep":   {replace(`"baseUrl":`, `"baseUrl":"","baseUrl":`), "duplicate"},
		"spelled two ways":  {replace(`"baseUrl":`, `"base_url":"","baseUrl":`), "duplicate"},
		"unknown member":    {replace(`"tlogs":`, `"world":1,"tlogs":`), "unknown field"},
		"without type":      {replace(`"mediaType"`, `"mediatype"`), "unknown field"},
		"other type":        {replace("trustedroot+json;version=0.1", "trustedroot+json;version=0.7"), "media type"},
		"window turned":     {replace(`"validFor":{"start":"2016`, `"validFor":{"start":"2046`), "ends before it begins"},
		"hash algorithm":    {replace("SHA2_256", "SHA2_512"), "SHA2_256"},
		"too large":         {strings.Repeat(" ", material.MaxRoot+1), "more than"},
		"too many roots":    {strings.Repeat(good+"\n", 65), "more than 64"},
		"not UTF-8":         {replace("https://", "\xff"), "UTF-8"},
		"deep":              {strings.Repeat(`{"a":`, 20000), "depth"},
		"a TSA without end": {replace(`"timestampAuthorities":[{`, `"timestampAuthorities":[{},{`), "timestampAuthorities[0]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := material.ParseRoot("root.json", []byte(tt.text))
			require.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, err.Error(), `"root.json"`)
			assert.Contains(t, err.Error(), tt.want)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

// TestWindowsOfOneLog trusts one key with several windows, of which any serves.
func TestWindowsOfOneLog(t *testing.T) {
	w := world.New("windows")
	e := w.Evidence(world.Options{})
	over := strings.ReplaceAll(string(e.TrustedRoot), `"end":"2036`, `"end":"2020`)
	require.NotEqual(t, string(e.TrustedRoot), over)
	for name, tt := range map[string]struct {
		roots string
		good  bool
	}{
		"over":            {over, false},
		"over, then good": {over + string(e.TrustedRoot), true},
		"good, then over": {string(e.TrustedRoot) + over, true},
	} {
		t.Run(name, func(t *testing.T) {
			changed := *e
			changed.TrustedRoot = []byte(tt.roots)
			if err := judgeWorld(&changed).err; tt.good {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
			}
		})
	}
}

// TestNobody judges with a Root that trusts nobody: nothing is proven, and nothing
// is refuted.
func TestNobody(t *testing.T) {
	w := world.New("nobody")
	e := w.Evidence(world.Options{})
	for name, r := range map[string]*material.Root{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			assert.True(t, r.Empty())
			assert.Empty(t, r.Authorities())
			item, signed := read(t, e)
			entries := r.LogEntries(item.Material.LogEntries, signed, item.Version, e.At)
			require.Len(t, entries, 1)
			require.ErrorIs(t, entries[0].Err, material.ErrNotTrusted)
			assert.Equal(t, int64(4163436), entries[0].Index)
			stamps := r.Timestamps(item.Material.Timestamps, signed.Signature, e.At)
			require.Len(t, stamps, 1)
			require.ErrorIs(t, stamps[0].Err, material.ErrNotTrusted)
			_, err := r.Chain(signed.Leaf, e.At)
			require.Equal(t, fault.CertificateUntrusted, fault.ReasonOf(err))
		})
	}
}

// TestFindings shows what is found of good evidence.
func TestFindings(t *testing.T) {
	w := world.New("findings")
	v := judgeWorld(w.Evidence(world.Options{}))
	require.NoError(t, v.err)
	at := w.Clock.Now()
	assert.Equal(t, []material.LogEntry{{
		Authority: "https://rekor.world.test", Operator: "https://rekor.world.test", LogID: v.entries[0].LogID,
		Index: 4163436, Version: 1, Promise: true, Proof: true, Time: at.Add(time.Second),
	}}, v.entries)
	assert.Equal(t, []material.Timestamp{{Authority: "https://tsa.world.test", Operator: "https://tsa.world.test", Time: at}}, v.stamps)
	assert.Equal(t, "https://ctlog.world.test", v.scts[0].Authority)
	assert.Equal(t, at.Add(-2*time.Second), v.scts[0].Time)
	assert.Equal(t, "https://fulcio.world.test", v.chain.Authority)

	v = judgeWorld(w.Evidence(world.Options{Log: world.LogV2, Cosignatures: 2}))
	require.NoError(t, v.err)
	assert.Equal(t, 2, v.entries[0].Version)
	assert.False(t, v.entries[0].Promise)
	assert.True(t, v.entries[0].Proof)
	assert.True(t, v.entries[0].Time.IsZero())
	require.Len(t, v.entries[0].Witnesses, 2)
	assert.Equal(t, "witness.world.test/w1", v.entries[0].Witnesses[0].Name)
	assert.Equal(t, "witness.world.test/w2", v.entries[0].Witnesses[1].Name)
}
