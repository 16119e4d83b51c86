package dsse_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/dsse"
)

// device is a key that waits, and is only asked with a context.
type device struct {
	crypto.Signer
	asked func(ctx context.Context)
}

func (d device) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	panic("asked without a context")
}

func (d device) SignContext(ctx context.Context, input []byte, opts crypto.SignerOpts) ([]byte, error) {
	d.asked(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return d.Signer.Sign(rand.Reader, input, opts)
}

// TestContextSigner has the context of Sign reach the key.
func TestContextSigner(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for name, key := range map[string]crypto.Signer{"ecdsa-p256": p256, "ed25519": ed} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			var got context.Context
			s, err := dsse.NewSigner(device{key, func(ctx context.Context) { got = ctx }})
			require.NoError(t, err)
			m := dsse.NewMessage("text/plain", dsse.Bytes("x"))
			sig, err := s.Sign(ctx, m)
			require.NoError(t, err)
			assert.Equal(t, ctx, got)
			v, err := dsse.NewVerifier(key.Public())
			require.NoError(t, err)
			require.NoError(t, v.Verify(m, sig))

			s, err = dsse.NewSigner(device{key, func(context.Context) { cancel() }})
			require.NoError(t, err)
			_, err = s.Sign(ctx, m)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

// wrapper is a signer around another one.
type wrapper struct{ dsse.Signer }

func (w wrapper) Unwrap() dsse.Signer { return w.Signer }

// opaque is a signer that says nothing about itself.
type opaque struct{ dsse.Signer }

func TestInMemory(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	memory, err := dsse.NewSigner(key)
	require.NoError(t, err)
	waits, err := dsse.NewSigner(device{key, func(context.Context) {}})
	require.NoError(t, err)
	assert.True(t, dsse.InMemory(memory))
	assert.True(t, dsse.InMemory(wrapper{wrapper{memory}}))
	assert.False(t, dsse.InMemory(waits))
	assert.False(t, dsse.InMemory(wrapper{waits}))
	assert.False(t, dsse.InMemory(opaque{memory}))
}
