package batch

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// repeated reads as n lines of small statements that differ.
type repeated struct {
	block []byte
	rest  []byte
	left  int
}

const blockLines = 1000

func newRepeated(n int) *repeated {
	r := &repeated{left: n}
	for i := range blockLines {
		r.block = append(append(r.block, smallStatement(i)...), '\n')
	}
	return r
}

func (r *repeated) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		lines := min(r.left, blockLines)
		r.left -= lines
		r.rest = r.block[:len(r.block)/blockLines*lines] // all are equally long
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// smallStatement is about a file, of a few hundred bytes, in the order in which
// people and programs write it.
func smallStatement(n int) []byte {
	return fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"artifact-%04d.tar.gz","digest":{"sha256":"%064x"}}],`+
		`"predicateType":"https://example.com/release/v1","predicate":{"version":"1.%04d.0","channel":"stable","builder":{"id":"https://ci.example.com/runner/7"},"tests":{"passed":412,"failed":0}}}`, n, n, n)
}

// primitive returns what the key's own primitive does with one statement.
func primitive(key crypto.Signer) func([]byte) error {
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		return func(m []byte) error {
			sum := sha256.Sum256(m)
			_, err := key.Sign(nil, sum[:], crypto.SHA256) // RFC 6979
			return err
		}
	case ed25519.PrivateKey:
		return func(m []byte) error {
			_, err := key.Sign(nil, m, crypto.Hash(0))
			return err
		}
	}
	return nil
}

// BenchmarkBatch signs small statements on all cores, audited and with all that
// belongs to it, beside the rate of the bare primitive on all cores. The metric
// rate/primitive is the share of it that is left: the figure is 0.80.
func BenchmarkBatch(b *testing.B) {
	for _, algorithm := range []keys.Algorithm{keys.Ed25519, keys.ECDSAP256} {
		key, err := keys.Generate(algorithm)
		require.NoError(b, err)
		b.Run(string(algorithm)+"/primitive", func(b *testing.B) {
			sign := primitive(key)
			message := dsse.PAE(dsse.PayloadTypeInToto, smallStatement(1))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := sign(message); err != nil {
						b.Error(err)
					}
				}
			})
		})
		b.Run(string(algorithm)+"/batch", func(b *testing.B) {
			log, signer := auditedSigner(b, key)
			defer func() { require.NoError(b, log.Close()) }()
			b.ReportAllocs()
			b.ResetTimer()
			n, err := Sign(b.Context(), Lines("-", newRepeated(b.N)), Options{
				Signers: []dsse.Signer{signer}, Bundle: true,
				Write: func(evidence []byte) error { _, err := io.Discard.Write(evidence); return err },
			})
			require.NoError(b, err)
			require.Equal(b, b.N, n)
		})
	}
}

// auditedSigner returns a signer whose uses are recorded in a log on disk.
func auditedSigner(tb testing.TB, key crypto.Signer) (*audit.Log, dsse.Signer) {
	tb.Helper()
	log, err := audit.Open(tb.TempDir()+"/audit.jsonl", clock)
	require.NoError(tb, err)
	inner, err := dsse.NewSigner(key)
	require.NoError(tb, err)
	signer, err := audit.NewSigner(inner, log, audit.Use{
		Request: audit.Request{Caller: "uid:1000/alice@build", Operation: "sign statement", Issuer: "keyed", Entitlement: "n/a", RequestID: "4f1c0d0ad0f64f2f9c8c7a1f1b1d3e55"},
		Key:     audit.Key{Source: "file", Ref: "ci.key"},
	}, nil)
	require.NoError(tb, err)
	return log, signer
}
