//go:build pkcs11 && cgo && !windows

package pkcs11_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"runtime"
	"testing"

	"github.com/ThalesGroup/crypto11"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/pkcs11"
)

// benchmarkSessions is how many sessions the two benchmarks below use.
const benchmarkSessions = 16

// inParallel runs f in as many goroutines as there are sessions.
func inParallel(b *testing.B, f func() error) {
	b.SetParallelism(max(1, benchmarkSessions/runtime.GOMAXPROCS(0)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := f(); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkSign signs small messages with P-256 on SoftHSM2. Its rate is held
// against that of BenchmarkCrypto11.
func BenchmarkSign(b *testing.B) {
	h := newHSM(b, "stella")
	h.put(b, "stella", "release", 1, keys.ECDSAP256)
	signer := open(b, h.driver(answers(pin)), "pkcs11:token=stella;object=release")
	inParallel(b, func() error {
		_, err := signer.Sign(b.Context(), dsse.NewMessage("text/plain", dsse.Bytes("x")))
		return err
	})
}

// BenchmarkCrypto11 is crypto11's own loop.
func BenchmarkCrypto11(b *testing.B) {
	h := newHSM(b, "stella")
	h.put(b, "stella", "release", 1, keys.ECDSAP256)
	c, err := crypto11.Configure(&crypto11.Config{Path: h.module, TokenLabel: "stella", Pin: pin, MaxSessions: benchmarkSessions + 1})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, c.Close()) })
	key, err := c.FindKeyPair(nil, []byte("release"))
	require.NoError(b, err)
	inParallel(b, func() error {
		digest := sha256.Sum256([]byte("x"))
		_, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		return err
	})
}

// BenchmarkOpen opens and closes a key: it loads no module after the first time.
func BenchmarkOpen(b *testing.B) {
	h := newHSM(b, "stella")
	h.put(b, "stella", "release", 1, keys.ECDSAP256)
	d := h.driver(answers(pin))
	for b.Loop() {
		signer, err := d.Open(b.Context(), ref(b, "pkcs11:token=stella;object=release"))
		require.NoError(b, err)
		require.NoError(b, keys.Close(signer))
	}
}

// BenchmarkStart is what the driver adds to a program that opens no device.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		drivers, err := keys.NewDrivers(pkcs11.New(pkcs11.Config{}))
		require.NoError(b, err)
		require.NotEmpty(b, drivers.Schemes())
	}
}
