//go:build pkcs11 && cgo && !windows

package pkcs11_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

func TestGenerateSoftHSM(t *testing.T) {
	h := newHSM(t, "stella")
	testGenerate(t, h, "stella", keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519, keys.RSA3072)
}

func TestGenerateTPM(t *testing.T) {
	h := newTPM(t, "platform")
	testGenerate(t, &h.hsm, "platform", keys.ECDSAP256)
	_, err := h.driver(answers(pin)).Generate(t.Context(), ref(t, "pkcs11:token=platform;object=e"), keys.Ed25519)
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "a TPM has no Ed25519: %v", err)
}

func testGenerate(t *testing.T, h *hsm, token string, algorithms ...keys.Algorithm) {
	t.Helper()
	d := h.driver(answers(pin))
	for _, a := range algorithms {
		made, err := d.Generate(t.Context(), ref(t, "pkcs11:token="+token+";object=new%20"+string(a)), a)
		require.NoError(t, err, a)
		assert.Empty(t, made.Notes)
		got, err := keys.AlgorithmOf(made.Public)
		require.NoError(t, err)
		assert.Equal(t, a, got)
		public, err := keys.ParsePublic(made.PublicFile)
		require.NoError(t, err)
		assert.Equal(t, made.Public, public[0].Key)
		signer, err := d.Open(t.Context(), made.Ref)
		require.NoError(t, err)
		assert.Equal(t, made.Public, signer.Public())
		signOnce(t, signer)
		require.NoError(t, keys.Close(signer)) // swtpm has room for few loaded keys

		for _, name := range []string{";object=new%20" + string(a), ";object=another;id=" + idOf(t, made.Ref)} {
			_, err = d.Generate(t.Context(), ref(t, "pkcs11:token="+token+name), a)
			assert.Equal(t, fault.OutputExists, fault.ReasonOf(err), "%s: %v", name, err)
		}
	}
	said := string(h.tool(t, token, "--list-objects", "--type", "privkey"))
	objects := strings.Split(said, "Private Key Object; ")[1:]
	require.Len(t, objects, len(algorithms))
	for _, object := range objects {
		assert.Contains(t, object, "never extractable")
		assert.NotContains(t, object, "derive")
		if strings.HasPrefix(object, "RSA") {
			assert.Contains(t, object, "Usage:      sign\n")
		}
	}
}

// idOf returns the id attribute of a reference, encoded.
func idOf(t *testing.T, r keys.Ref) string {
	t.Helper()
	_, rest, found := strings.Cut(r.Name(), ";id=")
	require.True(t, found, r.Name())
	id, _, _ := strings.Cut(rest, ";")
	return id
}

func TestGenerateRefuses(t *testing.T) {
	h := newHSM(t, "stella")
	d := h.driver(answers(pin))
	for _, row := range []struct {
		name, ref string
		a         keys.Algorithm
		want      fault.Reason
	}{
		{"no name", "pkcs11:token=stella", keys.ECDSAP256, fault.UsageInvalid},
		{"public", "pkcs11:token=stella;object=x;type=public", keys.ECDSAP256, fault.UsageInvalid},
		{"algorithm of no token", "pkcs11:token=stella;object=x", keys.MLDSA65, fault.KeyUnsupported},
		{"no token", "pkcs11:token=nosuch;object=x", keys.ECDSAP256, fault.DeviceNotFound},
		{"wrong PIN", "pkcs11:token=stella;object=x?pin-env=STELLA_TEST_WRONG", keys.ECDSAP256, fault.PINWrong},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("STELLA_TEST_WRONG", wrongPIN)
			_, err := d.Generate(t.Context(), ref(t, row.ref), row.a)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
}

// TestGenerateCancelled leaves no key behind: making RSA keys takes a token long
// enough to be interrupted.
func TestGenerateCancelled(t *testing.T) {
	h := newHSM(t, "stella")
	d := h.driver(answers(pin))
	h.put(t, "stella", "held", 1, keys.ECDSAP256)
	open(t, d, "pkcs11:token=stella;object=held") // logs in, so that the making alone is cancelled
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := d.Generate(ctx, ref(t, "pkcs11:token=stella;object=late"), keys.RSA4096)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, time.Since(began), 5*time.Second, "nobody waits for the token")
	require.Eventually(t, func() bool { // it waits until the token is done
		_, err := d.Open(t.Context(), ref(t, "pkcs11:token=stella;object=late"))
		return fault.ReasonOf(err) == fault.KeyNotFound
	}, time.Minute, 100*time.Millisecond)
}
