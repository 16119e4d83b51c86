//go:build pkcs11 && cgo && !windows

package pkcs11_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// TestList lists without a login: nobody is asked for a PIN.
func TestList(t *testing.T) {
	h := newHSM(t, "stella", "second")
	p256 := h.put(t, "stella", "release", 1, keys.ECDSAP256)
	ed := h.put(t, "second", "nightly", 2, keys.Ed25519)
	h.tool(t, "stella", "--keypairgen", "--key-type", "EC:secp521r1", "--id", "03", "--label", "unknown to us")
	d := h.driver(keys.NoPassphrases)

	all, notes, err := d.List(t.Context(), ref(t, "pkcs11:"))
	require.NoError(t, err)
	require.Len(t, all, 3)
	assert.Len(t, notes, 2, "one for each token: private keys are hidden")
	byLabel := make(map[string]keys.Listed)
	for _, l := range all {
		byLabel[l.Label] = l
	}
	assert.Equal(t, keys.ECDSAP256, byLabel["release"].Algorithm)
	assert.Equal(t, p256.Public(), byLabel["release"].Public)
	assert.Contains(t, byLabel["release"].Where, `token "stella"`)
	assert.Equal(t, keys.Ed25519, byLabel["nightly"].Algorithm)
	assert.Empty(t, byLabel["unknown to us"].Algorithm)
	assert.Nil(t, byLabel["unknown to us"].Public)

	withPIN := h.driver(answers(pin))
	assert.Equal(t, ed.Public(), open(t, withPIN, byLabel["nightly"].Ref.String()).Public(), "what is listed opens")

	one, _, err := d.List(t.Context(), ref(t, "pkcs11:token=stella;object=release"))
	require.NoError(t, err)
	assert.Len(t, one, 1)
	named, _, err := d.List(t.Context(), ref(t, "pkcs11:id=%02?module-path="+query(h.module)))
	require.NoError(t, err)
	require.Len(t, named, 1)
	assert.Contains(t, named[0].Ref.String(), "module-path=")

	_, _, err = d.List(t.Context(), ref(t, "pkcs11:token=secnd"))
	assert.Equal(t, fault.DeviceNotFound, fault.ReasonOf(err))
	assert.Contains(t, fault.HintOf(err), `did you mean "second"?`)
	_, _, err = d.List(t.Context(), ref(t, "pkcs11:?module-path=/no.so"))
	assert.Equal(t, fault.ModuleFailed, fault.ReasonOf(err))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = d.List(ctx, ref(t, "pkcs11:"))
	assert.ErrorIs(t, err, context.Canceled)
}

// TestListHostile lists a label that would draw on a terminal: it is given as it
// is, and the reference says it in harmless characters.
func TestListHostile(t *testing.T) {
	h := newHSM(t, "stella")
	label := "a\x1b[2J;b=c?&\xff"
	h.tool(t, "stella", "--keypairgen", "--key-type", "EC:prime256v1", "--id", "01", "--label", label)
	listed, _, err := h.driver(keys.NoPassphrases).List(t.Context(), ref(t, "pkcs11:"))
	require.NoError(t, err)
	require.Len(t, listed, 1)
	assert.Equal(t, label, listed[0].Label)
	for _, c := range []byte(listed[0].Ref.String()) {
		assert.Greater(t, c, byte(' '))
		assert.Less(t, c, byte(0x7f))
	}
	_, err = h.driver(answers(pin)).Open(t.Context(), ref(t, "pkcs11:token=stella;object=b"))
	require.Error(t, err)
	assert.NotContains(t, fmt.Sprint(err, fault.HintOf(err)), "\x1b")
}
