//go:build unix

package batch

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
// belongs to it, beside the bare primitive on all cores. The figure is that the
// batch reaches 80 % of the primitive's rate. On a machine that does other work
// as well, cpu-ns/op tells: the processor time of one statement, the kernel's for
// it included.
func BenchmarkBatch(b *testing.B) {
	for _, algorithm := range []keys.Algorithm{keys.Ed25519, keys.ECDSAP256} {
		key := generate(b, algorithm)
		b.Run(string(algorithm)+"/primitive", func(b *testing.B) {
			sign := primitive(key)
			message := dsse.PAE(dsse.PayloadTypeInToto, smallStatement(1))
			defer reportCPU(b)()
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
			lines := newRepeated(b.N)
			b.ReportAllocs()
			b.ResetTimer()
			defer reportCPU(b)()
			n, err := Sign(b.Context(), Lines("-", lines), Options{
				Signers: []dsse.Signer{signer}, Bundle: true,
				Write: func(evidence []byte) error { _, err := io.Discard.Write(evidence); return err },
			})
			require.NoError(b, err)
			require.Equal(b, b.N, n)
			require.NoError(b, log.Close())
		})
	}
}

// reportCPU begins to count processor time; what it returns ends that.
func reportCPU(b *testing.B) func() {
	before := cpuTime(b)
	return func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") }
}

func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
