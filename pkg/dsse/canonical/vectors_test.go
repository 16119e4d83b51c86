package canonical_test

import (
	"encoding/json/jsontext"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVectors runs the documents published with RFC 8785.
func TestVectors(t *testing.T) {
	inputs, err := filepath.Glob(filepath.Join(testkit.SharedData(t, "canonical/input"), "*.json"))
	require.NoError(t, err)
	require.Len(t, inputs, 6)
	for _, input := range inputs {
		name := filepath.Base(input)
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(input)
			require.NoError(t, err)
			want, err := os.ReadFile(testkit.SharedData(t, "canonical/output/"+name))
			require.NoError(t, err)
			assert.Equal(t, string(want), canonicalForm(t, string(src)))
		})
	}
}

// TestRealDocuments compares with jsontext on documents as tools write them.
func TestRealDocuments(t *testing.T) {
	var paths []string
	for _, pattern := range []string{"sbom/cyclonedx/*.json", "sbom/spdx/*.json", "sbom/*.json", "report/*.json"} {
		found, err := filepath.Glob(filepath.Join(testkit.SharedData(t, "."), pattern))
		require.NoError(t, err)
		paths = append(paths, found...)
	}
	require.GreaterOrEqual(t, len(paths), 15)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			src, err := os.ReadFile(path)
			require.NoError(t, err)
			assertLikeJSONText(t, src)
		})
	}
}

func TestSyntheticDocuments(t *testing.T) {
	assertLikeJSONText(t, sbom(3<<20, true))
	assertLikeJSONText(t, sbom(3<<20, false))
}

func assertLikeJSONText(t *testing.T, src []byte) {
	t.Helper()
	want := jsontext.Value(append([]byte(nil), src...))
	require.NoError(t, want.Canonicalize())
	got := canonicalForm(t, string(src))
	assert.True(t, string(want) == got, "differs from jsontext")
	assert.True(t, got == canonicalForm(t, got), "canonical form has another canonical form")
}

// TestNumbersOfAppendixB is the table of RFC 8785, appendix B.
func TestNumbersOfAppendixB(t *testing.T) {
	rows := []struct {
		bits uint64
		want string
	}{
		{0x0000000000000000, "0"},
		{0x8000000000000000, "0"},
		{0x0000000000000001, "5e-324"},
		{0x8000000000000001, "-5e-324"},
		{0x7fefffffffffffff, "1.7976931348623157e+308"},
		{0xffefffffffffffff, "-1.7976931348623157e+308"},
		{0x4340000000000000, "9007199254740992"},
		{0xc340000000000000, "-9007199254740992"},
		{0x4430000000000000, "295147905179352830000"},
		{0x44b52d02c7e14af5, "9.999999999999997e+22"},
		{0x44b52d02c7e14af6, "1e+23"},
		{0x44b52d02c7e14af7, "1.0000000000000001e+23"},
		{0x444b1ae4d6e2ef4e, "999999999999999700000"},
		{0x444b1ae4d6e2ef4f, "999999999999999900000"},
		{0x444b1ae4d6e2ef50, "1e+21"},
		{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
		{0x3eb0c6f7a0b5ed8d, "0.000001"},
		{0x41b3de4355555553, "333333333.3333332"},
		{0x41b3de4355555554, "333333333.33333325"},
		{0x41b3de4355555555, "333333333.3333333"},
		{0x41b3de4355555556, "333333333.3333334"},
		{0x41b3de4355555557, "333333333.33333343"},
		{0xbecbf647612f3696, "-0.0000033333333333333333"},
		{0x43143ff3c1cb0959, "1424953923781206.2"},
	}
	for _, row := range rows {
		t.Run(row.want, func(t *testing.T) {
			for _, src := range spellings(math.Float64frombits(row.bits)) {
				assert.Equal(t, row.want, canonicalForm(t, src), "from %s", src)
			}
		})
	}
}

// canonicalForm returns the canonical form of src by both ways there are, and
// checks what must hold of every document.
func canonicalForm(t testing.TB, src string) string {
	t.Helper()
	appended, err := canonical.Append([]byte("before"), []byte(src))
	require.NoError(t, err, "source %.200q", src)
	require.Equal(t, "before", string(appended[:6]))
	got := string(appended[6:])

	d, err := canonical.Parse([]byte(src), canonical.Options{})
	require.NoError(t, err)
	var w chunks
	n, err := d.WriteTo(&w)
	require.NoError(t, err)
	require.Equal(t, d.Size(), n)
	require.Equal(t, int64(len(got)), n)
	require.True(t, got == w.String(), "WriteTo and Append differ for %.200q", src)
	w.assertLarge(t)
	return got
}
