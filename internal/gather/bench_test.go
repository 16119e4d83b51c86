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

func BenchmarkDirectory(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(b, err)
	trust, err := keys.NewTrust(keys.TrustedKey{Name: "k", Public: key.Public(), AnyPredicateType: true})
	require.NoError(b, err)
	signer, err := dsse.NewSigner(key)
	require.NoError(b, err)
	form, err := bundle.NewForm(signer)
	require.NoError(b, err)
	for _, together := range []bool{false, true} {
		b.Run(fmt.Sprintf("together=%v", together), func(b *testing.B) {
			dir := b.TempDir()
			for i := range b.N {
				payload := smallStatement(i)
				sig, err := signer.Sign(b.Context(), dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(payload)))
				require.NoError(b, err)
				out, err := form.Append(nil, dsse.PayloadTypeInToto, payload, sig)
				require.NoError(b, err)
				require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("artifact-%06d.sigstore.json", i)), out, 0o600))
			}
			v, err := verify.NewVerifier(&verify.Policy{Trust: trust, Threshold: 1, At: time.Unix(1, 0)})
			require.NoError(b, err)
			b.ReportAllocs()
			b.ResetTimer()
			begin := cpu()
			in := gather.New([]string{dir}, gather.Options{})
			defer in.Close()
			sink := &nothing{}
			_, err = v.Stream(b.Context(), in, verify.StreamOptions{Together: together}, sink)
			b.ReportMetric(float64((cpu()-begin).Nanoseconds())/float64(b.N), "cpu-ns/op")
			require.NoError(b, err)
			require.Equal(b, b.N, sink.verified)
		})
	}
	b.Run("primitive", func(b *testing.B) {
		type signed struct{ digest, signature []byte }
		all := make([]signed, 4096) // as a directory has: each signature is another one
		for i := range all {
			digest := sha256.Sum256(smallStatement(i))
			signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
			require.NoError(b, err)
			all[i] = signed{digest[:], signature}
		}
		b.ResetTimer()
		begin := cpu()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				s := &all[i%len(all)]
				if !ecdsa.VerifyASN1(&key.PublicKey, s.digest, s.signature) {
					b.Error("a good signature does not verify")
				}
			}
		})
		b.ReportMetric(float64((cpu()-begin).Nanoseconds())/float64(b.N), "cpu-ns/op")
	})
}
