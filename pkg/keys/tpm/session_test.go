package tpm_test

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

func message(s string) dsse.Message {
	return dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(s))
}

// verifies requires a signature of s that verifies with the key public.
func verifies(t testing.TB, s dsse.Signer, public any) {
	t.Helper()
	v, err := dsse.NewVerifier(public)
	require.NoError(t, err)
	sig, err := s.Sign(context.Background(), message("{}"))
	require.NoError(t, err)
	require.NoError(t, v.Verify(message("{}"), sig))
}

// TestBusLearnsNoPIN makes a key with a PIN and uses it, and looks for the PIN,
// and the digest that is signed, in all that passed between program and TPM.
func TestBusLearnsNoPIN(t *testing.T) {
	b := newBus(t, newTPM(t))
	d := driver(secret, b.socket)
	for _, options := range []string{"", "?pcrs=sha256:0,7"} {
		path, made := generate(t, d, keys.ECDSAP256, options)
		s, err := d.Open(t.Context(), ref(t, "tpm:"+path))
		require.NoError(t, err)
		verifies(t, s, made.Public)
		require.NoError(t, keys.Close(s))
	}
	require.Greater(t, len(b.recorded()), 1000)
	assert.NotContains(t, string(b.recorded()), secret)
	once := sha256.Sum256([]byte(secret))
	assert.NotContains(t, string(b.recorded()), string(once[:]))
}

// TestAlteredSignature has somebody on the bus change what the TPM answers.
func TestAlteredSignature(t *testing.T) {
	b := newBus(t, newTPM(t))
	d := driver(secret, b.socket)
	path, made := generate(t, d, keys.ECDSAP256, "")
	s, err := d.Open(t.Context(), ref(t, "tpm:"+path))
	require.NoError(t, err)
	defer keys.Close(s)
	verifies(t, s, made.Public)
	b.tamper(func(response []byte) {
		if len(response) > 60 { // not a header alone
			response[30] ^= 1
		}
	})
	_, err = s.Sign(t.Context(), message("{}"))
	require.Error(t, err)
	assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, err.Error(), "HMAC")
}

// TestContextEndsInMidCommand has the TPM take its time: who waits gets away,
// the key stays usable, and nothing is lost in the TPM.
func TestContextEndsInMidCommand(t *testing.T) {
	b := newBus(t, newTPM(t))
	d := driver(secret, b.socket)
	path, made := generate(t, d, keys.ECDSAP256, "")
	s, err := d.Open(t.Context(), ref(t, "tpm:"+path))
	require.NoError(t, err)
	defer keys.Close(s)

	b.hold(true)
	for name, use := range map[string]func(ctx context.Context) error{
		"signing": func(ctx context.Context) error { _, err := s.Sign(ctx, message("{}")); return err },
		"waiting for a turn": func(ctx context.Context) error {
			_, err := d.Open(ctx, ref(t, "tpm:"+path))
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		start := time.Now()
		err := use(ctx)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded, name)
		assert.Less(t, time.Since(start), 5*time.Second, name)
	}
	b.hold(false)
	verifies(t, s, made.Public)
}

// TestCancelledOpenLeavesNothing ends contexts while keys are being loaded, far
// more often than the TPM has room for.
func TestCancelledOpenLeavesNothing(t *testing.T) {
	d := driver(secret, newTPM(t).Socket)
	path, made := generate(t, d, keys.ECDSAP256, "")
	for i := range 24 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond)
		if s, err := d.Open(ctx, ref(t, "tpm:"+path)); err == nil {
			require.NoError(t, keys.Close(s))
		}
		cancel()
	}
	s, err := d.Open(t.Context(), ref(t, "tpm:"+path))
	require.NoError(t, err)
	verifies(t, s, made.Public)
	require.NoError(t, keys.Close(s))
	require.NoError(t, keys.Close(s), "a second time")
	_, err = s.Sign(t.Context(), message("{}"))
	require.Error(t, err, "after Close")
}

func BenchmarkSign(b *testing.B) {
	for _, a := range []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.RSA3072} {
		b.Run(string(a), func(b *testing.B) {
			d := driver(secret, newTPM(b).Socket)
			_, made := generate(b, d, a, "")
			s, err := d.Open(b.Context(), made.Ref)
			require.NoError(b, err)
			defer keys.Close(s)
			for b.Loop() {
				_, err := s.Sign(b.Context(), message("{}"))
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	d := driver(secret, newTPM(b).Socket)
	_, made := generate(b, d, keys.ECDSAP256, "")
	for b.Loop() {
		s, err := d.Open(b.Context(), made.Ref)
		require.NoError(b, err)
		require.NoError(b, keys.Close(s))
	}
}
