//go:build unix

package gather_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// nothing is a sink that counts.
type nothing struct{ verified int }

func (n *nothing) Result(r *verify.Result) error {
	if r.Verified {
		n.verified++
	}
	r.Release()
	return nil
}
func (n *nothing) Ignored(*verify.Ignored) error { return nil }

// smallStatement is about a file, of a few hundred bytes.
func smallStatement(n int) []byte {
	return fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","predicate":{"builder":{"id":"https://ci.example.com/runner/7"},"channel":"stable","tests":{"failed":0,"passed":412},"version":"1.%04d.0"},`+
		`"predicateType":"https://example.com/release/v1","subject":[{"digest":{"sha256":"%064x"},"name":"artifact-%04d.tar.gz"}]}`, n, n, n)
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// desk is a signer of small bundles, and who trusts it.
type desk struct {
	key      *ecdsa.PrivateKey
	signer   dsse.Signer
	form     *bundle.Form
	verifier *verify.Verifier
}

func newDesk(b *testing.B) *desk {
	b.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(b, err)
	trust, err := keys.NewTrust(keys.TrustedKey{Name: "k", Public: key.Public(), AnyPredicateType: true})
	require.NoError(b, err)
	d := &desk{key: key}
	d.signer, err = dsse.NewSigner(key)
	require.NoError(b, err)
	d.form, err = bundle.NewForm(d.signer)
	require.NoError(b, err)
	d.verifier, err = verify.NewVerifier(&verify.Policy{Trust: trust, Threshold: 1, At: time.Unix(1, 0)})
	require.NoError(b, err)
	return d
}

// directory makes one of n bundles.
func (d *desk) directory(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		payload := smallStatement(i)
		sig, err := d.signer.Sign(b.Context(), dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(payload)))
		require.NoError(b, err)
		out, err := d.form.Append(nil, dsse.PayloadTypeInToto, payload, sig)
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("artifact-%06d.sigstore.json", i)), out, 0o600))
	}
	syscall.Sync() // so that the kernel does not write them meanwhile
	return dir
}

// verify verifies a directory of n bundles.
func (d *desk) verify(b *testing.B, dir string, n int, together bool) {
	b.Helper()
	in := gather.New([]string{dir}, gather.Options{})
	defer in.Close()
	sink := &nothing{}
	_, err := d.verifier.Stream(b.Context(), in, verify.StreamOptions{Together: together}, sink)
	require.NoError(b, err)
	require.Equal(b, n, sink.verified)
}

// primitive returns a function that verifies n signatures alone, on all cores: 4,096
// different ones, over and over.
func (d *desk) primitive(b *testing.B) func(n int) {
	b.Helper()
	type signed struct{ digest, signature []byte }
	all := make([]signed, 4096)
	for i := range all {
		digest := sha256.Sum256(smallStatement(i))
		signature, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
		require.NoError(b, err)
		all[i] = signed{digest[:], signature}
	}
	return func(n int) {
		var next atomic.Int64
		var cores sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			cores.Go(func() {
				for i := next.Add(1); i <= int64(n); i = next.Add(1) {
					s := &all[i%int64(len(all))]
					if !ecdsa.VerifyASN1(&d.key.PublicKey, s.digest, s.signature) {
						b.Error("a good signature does not verify")
					}
				}
			})
		}
		cores.Wait()
	}
}

func BenchmarkDirectory(b *testing.B) {
	d := newDesk(b)
	for _, together := range []bool{false, true} {
		b.Run(fmt.Sprintf("together=%v", together), func(b *testing.B) {
			dir := d.directory(b, b.N)
			b.ReportAllocs()
			b.ResetTimer()
			begin := cpu()
			d.verify(b, dir, b.N, together)
			b.ReportMetric(float64((cpu()-begin).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// BenchmarkDirectoryRate compares the rate of a directory of bundles with that of their
// signatures alone. Half of these are verified before the bundles and half behind them, so
// that it does not matter much if the machine is faster at one time than at another.
func BenchmarkDirectoryRate(b *testing.B) {
	d := newDesk(b)
	primitive := d.primitive(b)
	for _, n := range []int{10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) { d.rate(b, d.directory(b, n), n, primitive) })
	}
}

func (d *desk) rate(b *testing.B, dir string, n int, primitive func(n int)) {
	b.Helper()
	var alone, whole spent
	for b.Loop() {
		alone.add(func() { primitive(n / 2) })
		whole.add(func() { d.verify(b, dir, n, false) })
		alone.add(func() { primitive(n - n/2) })
	}
	b.ReportMetric(100*float64(alone.clock)/float64(whole.clock), "%rate")
	b.ReportMetric(100*float64(alone.cpu)/float64(whole.cpu), "%cpu")
	b.ReportMetric(float64(whole.clock.Nanoseconds())/float64(n*b.N), "ns/bundle")
	b.ReportMetric(float64(alone.clock.Nanoseconds())/float64(n*b.N), "ns/signature")
}

// spent is time by the clock and of the processor.
type spent struct{ clock, cpu time.Duration }

func (s *spent) add(work func()) {
	begin, used := time.Now(), cpu()
	work()
	s.clock, s.cpu = s.clock+time.Since(begin), s.cpu+cpu()-used
}
