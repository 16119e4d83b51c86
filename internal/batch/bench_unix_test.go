//go:build unix

package batch

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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

func newRepeated() *repeated {
	r := &repeated{}
	for i := range blockLines {
		r.block = append(append(r.block, smallStatement(i)...), '\n')
	}
	return r
}

// again makes r n lines.
func (r *repeated) again(n int) *repeated {
	r.rest, r.left = nil, n
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

// round is how many statements are signed at a time by the one and the other: few
// enough that both find the machine in the same state, and enough that beginning
// and end do not weigh.
const round = 20_000

// BenchmarkBatch signs small statements on all cores, audited and with all that
// belongs to it, and compares that with the bare primitive on all cores, in turns.
// The figure is that the batch reaches 80 % of the primitive's rate, by the clock
// and by processor time, the kernel's for it included. The shares are the median
// of the rounds, so there should be many: -benchtime 600000x.
func BenchmarkBatch(b *testing.B) {
	for _, algorithm := range []keys.Algorithm{keys.Ed25519, keys.ECDSAP256} {
		b.Run(string(algorithm), func(b *testing.B) {
			key := generate(b, algorithm)
			log, signer := auditedSigner(b, key)
			cores := runtime.GOMAXPROCS(0)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores + 1)) // as the command does
			lines := newRepeated()
			var clock, cpu comparison
			for left := b.N; left > 0; left -= round {
				n := min(left, round)
				bare := measure(b, func() { signBare(b, key, n, cores) })
				batch := measure(b, func() { signBatch(b, signer, lines.again(n), cores) })
				clock.add(bare.clock, batch.clock)
				cpu.add(bare.cpu, batch.cpu)
			}
			require.NoError(b, log.Close())
			clock.report(b, "")
			cpu.report(b, "cpu-")
		})
	}
}

// signBare signs n times with the primitive of a key.
func signBare(b *testing.B, key crypto.Signer, n, cores int) {
	sign := primitive(key)
	message := dsse.PAE(dsse.PayloadTypeInToto, smallStatement(1))
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	for range cores {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := sign(message); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func signBatch(b *testing.B, signer dsse.Signer, lines *repeated, cores int) {
	n := lines.left
	signed, err := Sign(b.Context(), Lines("-", lines), Options{
		Signers: []dsse.Signer{signer}, Bundle: true, Cores: cores,
		Write: func(evidence []byte) error { _, err := io.Discard.Write(evidence); return err },
	})
	require.NoError(b, err)
	require.Equal(b, n, signed)
}

// comparison is of the time that the primitive and the batch took.
type comparison struct {
	bare, batch time.Duration
	shares      []float64 // of the primitive's rate, round by round, in percent
}

func (c *comparison) add(bare, batch time.Duration) {
	c.bare += bare
	c.batch += batch
	c.shares = append(c.shares, 100*float64(bare)/float64(batch))
}

func (c *comparison) report(b *testing.B, name string) {
	slices.Sort(c.shares)
	b.ReportMetric(float64(c.batch)/float64(b.N), name+"ns/op")
	b.ReportMetric(float64(c.bare)/float64(b.N), "primitive-"+name+"ns/op")
	b.ReportMetric(c.shares[len(c.shares)/2], name+"share-%")
}

type usage struct{ clock, cpu time.Duration }

func measure(tb testing.TB, work func()) usage {
	cpu, start := cpuTime(tb), time.Now()
	work()
	return usage{time.Since(start), cpuTime(tb) - cpu}
}

func cpuTime(tb testing.TB) time.Duration {
	var used syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
