package offlinekit_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit"
)

func TestManifestThereAndBack(t *testing.T) {
	m := small().header(t).Manifest
	b := text(t, m)
	got, err := offlinekit.ParseManifest(b)
	require.NoError(t, err)
	assert.Equal(t, m, got)
	assert.Equal(t, b, text(t, got))
	assert.Equal(t, "trust/metadata/timestamp.json", m.Entries[0].Name)
	assert.Nil(t, got.Entry("bin"))
	assert.True(t, got.Entry("bin/stella").Executable)
}

func TestFutureFormat(t *testing.T) {
	_, err := offlinekit.ParseManifest([]byte(`{"format":"stella.ops/offlineKit@v2","entries":{"how":"else"}}`))
	assert.Equal(t, fault.KitFormat, fault.ReasonOf(err))
	assert.ErrorContains(t, err, "offlineKit@v2")
	assert.Contains(t, fault.HintOf(err), "newer stella")
}

// TestManifestThatIsRefused changes one thing after the other in a good manifest.
func TestManifestThatIsRefused(t *testing.T) {
	good := string(text(t, small().header(t).Manifest))
	replace := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	for what, bad := range map[string]string{
		"nothing":           "",
		"no object":         "[]",
		"truncated":         good[:len(good)/2],
		"more behind":       good + "{}",
		"format not first":  replace(`"format": "stella.ops/offlineKit@v1",`, "") + " ",
		"other format":      replace("stella.ops/offlineKit@v1", "stella.ops/trustBundle@v1"),
		"unknown member":    replace(`"name": "acme",`, `"name": "acme", "size": 1,`),
		"duplicate member":  replace(`"name": "acme",`, `"name": "acme", "name": "acme",`),
		"member's case":     replace(`"name": "acme",`, `"Name": "acme",`),
		"no version":        replace(`"version": 7,`, ""),
		"version 0":         replace(`"version": 7`, `"version": 0`),
		"version -1":        replace(`"version": 7`, `"version": -1`),
		"version as text":   replace(`"version": 7`, `"version": "7"`),
		"version 7.0":       replace(`"version": 7`, `"version": 7.0`),
		"version over 2^53": replace(`"version": 7`, `"version": 9007199254740992`),
		"upper case":        replace(`"acme"`, `"Acme"`),
		"channel is a path": replace(`"stable"`, `"../stable"`),
		"channel is hidden": replace(`"stable"`, `".stable"`),
		"channel is device": replace(`"stable"`, `"nul"`),
		"long channel":      replace(`"stable"`, `"`+strings.Repeat("a", 65)+`"`),
		"empty label":       replace(`"2026.11 LTS"`, `""`),
		"label with escape": replace(`"2026.11 LTS"`, `"\u001b[2J"`),
		"local time":        replace("08:00:00Z", "08:00:00+01:00"),
		"no such day":       replace("2026-11-23", "2026-02-30"),
		"year 0":            replace("2026-11-23", "0001-01-01T00:00:00Z"),
		"short digest":      replace(`"sha256":"`, `"sha256":"0`),
		"upper case digest": replace(strings.ToLower(digestIn(good)), strings.ToUpper(digestIn(good))),
		"another digest":    replace(digestIn(good), strings.Repeat("0", 64)),
		"negative size":     replace(`"size":`, `"size":-`),
		"not executable":    replace(`"executable":true`, `"executable":false`),
		"executable as 1":   replace(`"executable":true`, `"executable":1`),
		"entry's member":    replace(`"executable":true`, `"executable":true,"mode":1`),
		"no size":           replace(`"size":2,`, ""),
		"manifest listed":   replace("oci/index.json", "manifest.json"),
		"statement listed":  replace("oci/index.json", "statement.dsse.json"),
		"evidence listed":   replace("oci/index.json", "statement.sigstore.json"),
		"no checksums":      replace(`{"name":"checksums.txt"`, `{"name":"checksums.text"`),
		"not sorted":        replace("oci/index.json", "aaa/index.json"),
		"trust not first":   replace(`"trust/targets/ä.json"`, `"trusx/targets/ä.json"`),
	} {
		_, err := offlinekit.ParseManifest([]byte(bad))
		assert.Equal(t, fault.KitMalformed, fault.ReasonOf(err), "%s: %v", what, err)
	}
}

func digestIn(manifest string) string {
	_, after, _ := strings.Cut(manifest, `"sha256":"`)
	return after[:64]
}

func TestNames(t *testing.T) {
	for _, good := range []string{"a", "a/b", "...a", ".hidden", "a b", "ä", "日本", "com10", "console.txt", "a.b.c", "-x", "sha256-00"} {
		assert.NoError(t, offlinekit.CheckName(good), good)
	}
	for _, bad := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/./b", `a\b`, "c:", "c:/a", "a:b", "a?", "a*", "a|b", `a"b`, "a<b", "a>b",
		"a\x00", "a\n", "a\x7f", "a\u0085", "a\u202eb", "a\u200bb", "\ufeffa", "a\u2028", "\xff", "a\u0308", "a.", "a ", " a", "a./b", "a /b",
		"nul", "NUL.txt", "a/con", "Com1", "lpt9.tar.gz", "COM¹", "aux ", "conin$", strings.Repeat("a", 256), strings.Repeat("a/", 600) + "a",
	} {
		assert.Error(t, offlinekit.CheckName(bad), "%q", bad)
	}
}

func TestNamesThatDoNotFitTogether(t *testing.T) {
	for _, names := range [][2]string{{"a", "A"}, {"a/b", "a/B"}, {"A/b", "a/c"}, {"a", "a/b"}, {"a/b", "A"}, {"k", "\u212a"}, {"s", "ſ"}, {"é", "É"}, {"σ", "ς"}} {
		k := kit{names[0]: "", names[1]: ""}
		m := &offlinekit.Manifest{Name: "a", Channel: "b", Version: 1, CreatedAt: createdAt()}
		for name := range k {
			m.Entries = append(m.Entries, offlinekit.Entry{Name: name})
		}
		if offlinekit.Compare(m.Entries[0].Name, m.Entries[1].Name) > 0 {
			m.Entries[0], m.Entries[1] = m.Entries[1], m.Entries[0]
		}
		assert.Equal(t, fault.KitMalformed, fault.ReasonOf(m.AddChecksums()), "%q", names)
	}
	k := kit{"a/b/c": "", "a/b/d": "", "a/c": "", "ab": "", "a b": "", "A B C": ""}
	assert.Len(t, k.header(t).Manifest.Entries, 7)
}

func TestTooManyEntries(t *testing.T) {
	m := &offlinekit.Manifest{Name: "a", Channel: "b", Version: 1, CreatedAt: createdAt(), Entries: make([]offlinekit.Entry, offlinekit.MaxEntries+1)}
	assert.ErrorContains(t, m.Check(), "more than 262144 files")
	b := bytes.Repeat([]byte(" "), offlinekit.MaxManifest+1)
	_, err := offlinekit.ParseManifest(b)
	assert.Equal(t, fault.KitMalformed, fault.ReasonOf(err))
}

func TestStatement(t *testing.T) {
	h := small().header(t)
	m, err := h.NewStatement()
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = m.WriteTo(&b)
	require.NoError(t, err)
	require.NoError(t, h.CheckStatement(b.Bytes()))

	other := offlinekit.NewHeader(h.Manifest, append(bytes.Clone(h.ManifestText()), ' '))
	assert.Equal(t, fault.KitStatement, fault.ReasonOf(other.CheckStatement(b.Bytes())))
	for _, change := range [][2]string{
		{`"version":7`, `"version":8`}, {`"files":8`, `"files":9`}, {"manifest.json", "manifest.jsom"}, {`"sha256":"`, `"sha256":"00`},
		{"stella.ops/offlineKit@v1", "stella.ops/sbom@v1"}, {`"name":"acme",`, `"name":"acme","more":1,`}, {"acme", "acne"},
	} {
		require.Contains(t, b.String(), change[0])
		bad := strings.Replace(b.String(), change[0], change[1], 1)
		assert.Error(t, h.CheckStatement([]byte(bad)), change[1])
	}
}
