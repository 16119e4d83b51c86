package keys_test

import (
	"context"
	"crypto"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// schemeDriver is a driver that only has a scheme.
type schemeDriver string

func (d schemeDriver) Scheme() string { return string(d) }

func (d schemeDriver) Open(context.Context, keys.Ref) (dsse.Signer, error) {
	return nil, fault.New(fault.InputNotFound, "%s has no keys", string(d))
}

func TestDrivers(t *testing.T) {
	drivers, err := keys.NewDrivers(schemeDriver("file"), schemeDriver("tpm"))
	require.NoError(t, err)
	assert.Equal(t, []string{"file", "tpm"}, drivers.Schemes())
	for _, row := range []struct {
		name, ref string
		reason    fault.Reason
		hint      string
	}{
		{"path", "k", fault.InputNotFound, ""},
		{"scheme", "TPM:k", fault.InputNotFound, ""},
		{"known and absent", "pkcs11:token=T", fault.KeyScheme, "this build has: file, tpm"},
		{"unknown", "flie:k", fault.KeyScheme, `this build has: file, tpm; a file with that name is written "./flie:k"`},
		{"perhaps of a plugin", "demo://k", fault.KeyScheme, `this build has: file, tpm; if a plugin has these keys, add "demo" to the setting plugins.allow`},
	} {
		t.Run(row.name, func(t *testing.T) {
			ref, err := keys.ParseRef(row.ref)
			require.NoError(t, err)
			_, err = drivers.Open(t.Context(), ref)
			assert.Equal(t, row.reason, fault.ReasonOf(err))
			assert.Equal(t, row.hint, fault.HintOf(err))
		})
	}
}

func TestDriversTwice(t *testing.T) {
	_, err := keys.NewDrivers(schemeDriver("file"), schemeDriver("file"))
	assert.ErrorContains(t, err, `"file"`)
}

// elsewhere is a driver that another build has.
type elsewhere struct{ schemeDriver }

func (elsewhere) Absent() error { return fault.New(fault.KeyScheme, "the other build has it") }

func TestDriversAbsent(t *testing.T) {
	drivers, err := keys.NewDrivers(schemeDriver("file"), elsewhere{"pkcs11"})
	require.NoError(t, err)
	assert.Equal(t, []string{"file"}, drivers.Schemes())
	_, err = drivers.Driver("pkcs11")
	assert.EqualError(t, err, "the other build has it")
	ref, err := keys.ParseRef("pkcs11:token=T")
	require.NoError(t, err)
	_, err = drivers.Open(t.Context(), ref)
	assert.EqualError(t, err, "the other build has it")
	assert.Equal(t, fault.KeyScheme, fault.ReasonOf(err))
	_, err = keys.NewDrivers(elsewhere{"pkcs11"}, schemeDriver("pkcs11"))
	assert.ErrorContains(t, err, "two drivers")
}

// mismatched signs with one key and shows another.
type mismatched struct {
	dsse.Signer
	pub crypto.PublicKey
}

func (m mismatched) Public() crypto.PublicKey { return m.pub }

func TestSelfTest(t *testing.T) {
	for _, a := range []keys.Algorithm{keys.ECDSAP256, keys.Ed25519, keys.MLDSA65, keys.SM2} {
		t.Run(string(a), func(t *testing.T) {
			one, err := keys.Generate(a)
			require.NoError(t, err)
			two, err := keys.Generate(a)
			require.NoError(t, err)
			signer, err := dsse.NewSigner(one)
			require.NoError(t, err)
			require.NoError(t, keys.SelfTest(t.Context(), signer))
			err = keys.SelfTest(t.Context(), mismatched{signer, two.Public()})
			assert.Equal(t, fault.KeySelfTest, fault.ReasonOf(err))
			err = keys.SelfTest(t.Context(), mismatched{signer, "no key"})
			assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			assert.ErrorIs(t, keys.SelfTest(ctx, signer), context.Canceled)
		})
	}
}
