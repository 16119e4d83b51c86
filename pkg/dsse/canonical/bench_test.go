package canonical_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stretchr/testify/require"
)

// benchmarkSize is the size of the documents in benchmarks, in bytes.
const benchmarkSize = 100 << 20

// documents runs f over the same document as people and as programs write it.
func documents(b *testing.B, f func(b *testing.B, src []byte)) {
	for _, kind := range []struct {
		name     string
		indented bool
	}{{"indented", true}, {"compact", false}} {
		b.Run(kind.name, func(b *testing.B) {
			src := sbom(benchmarkSize, kind.indented)
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			f(b, src)
		})
	}
}

// BenchmarkCanonical is the whole work: checking, ordering, writing.
func BenchmarkCanonical(b *testing.B) {
	documents(b, func(b *testing.B, src []byte) {
		for b.Loop() {
			d, err := canonical.Parse(src, canonical.Options{ExactNumbers: true})
			require.NoError(b, err)
			n, err := d.WriteTo(io.Discard)
			require.NoError(b, err)
			require.Equal(b, d.Size(), n)
		}
	})
}

// BenchmarkParse is checking and ordering alone.
func BenchmarkParse(b *testing.B) {
	documents(b, func(b *testing.B, src []byte) {
		for b.Loop() {
			_, err := canonical.Parse(src, canonical.Options{ExactNumbers: true})
			require.NoError(b, err)
		}
	})
}

func BenchmarkAppendSmall(b *testing.B) {
	src := sbom(1000, false)
	dst := make([]byte, 0, 2*len(src))
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := canonical.Append(dst, src)
		require.NoError(b, err)
	}
}

// BenchmarkScan checks without holding the document, as signing with the exact
// bytes does.
func BenchmarkScan(b *testing.B) {
	documents(b, func(b *testing.B, src []byte) {
		for b.Loop() {
			n, err := canonical.Scan(bytes.NewReader(src), nil)
			require.NoError(b, err)
			require.Equal(b, int64(len(src)), n)
		}
	})
}
