package predicate_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
)

// largeSBOM writes a CycloneDX document of about size bytes whose telling
// members come last.
func largeSBOM(t testing.TB, size int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "large.cdx.json")
	var b strings.Builder
	b.WriteString(`{"components":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"library","bom-ref":"pkg:npm/lib%[1]d@1.%[1]d","name":"lib%[1]d","version":"1.%[1]d","purl":"pkg:npm/lib%[1]d@1.%[1]d",`+
			`"hashes":[{"alg":"SHA-256","content":"%064[1]x"}],"licenses":[{"license":{"id":"MIT"}}]}`, i)
	}
	b.WriteString(`],"bomFormat":"CycloneDX","specVersion":"1.6","version":1}`)
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
}

func BenchmarkRecognize(b *testing.B) {
	f, err := input.Open(largeSBOM(b, 100<<20), nil, input.MaxDocument)
	require.NoError(b, err)
	defer f.Close()
	b.SetBytes(f.Size())
	b.ReportAllocs()
	for b.Loop() {
		_, err := predicate.Recognize(f)
		require.NoError(b, err)
	}
}

func BenchmarkSBOM(b *testing.B) {
	f, err := input.Open(largeSBOM(b, 100<<20), nil, input.MaxDocument)
	require.NoError(b, err)
	defer f.Close()
	for _, mode := range []struct {
		name string
		o    predicate.Options
	}{{"canonical", predicate.Options{}}, {"preserve", predicate.Options{Preserve: true}}, {"reference", predicate.Options{Reference: true}}} {
		b.Run(mode.name, func(b *testing.B) {
			b.SetBytes(f.Size())
			b.ReportAllocs()
			for b.Loop() {
				d, err := predicate.SBOM(f, mode.o)
				require.NoError(b, err)
				_, err = d.Message.WriteTo(io.Discard)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkRecognizeSmall is about one statement of many in a batch.
func BenchmarkRecognizeSmall(b *testing.B) {
	f := input.FromBytes("s.json", []byte(`{"_type":"https://in-toto.io/Statement/v1","predicate":{"version":"1.0.0"},"predicateType":"https://example.com/release/v1",`+
		`"subject":[{"digest":{"sha256":"`+strings.Repeat("0a", 32)+`"},"name":"a.tar.gz"}]}`))
	b.ReportAllocs()
	for b.Loop() {
		_, err := predicate.Recognize(f)
		require.NoError(b, err)
	}
}
