package dsse_test

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/dsse"
)

// careless is a key of a library that writes into the digest it is given.
type careless struct{ name string }

func (c *careless) SigningScheme() dsse.Scheme   { return dsse.Scheme{Name: c.name, Hash: crypto.SHA256} }
func (c *careless) MarshalPKIX() ([]byte, error) { return []byte(c.name), nil }

func (c *careless) VerifyInput(input, sig []byte) error {
	good := slices.Equal(input, sig)
	clear(input)
	if !good {
		return errors.New("it does not fit")
	}
	return nil
}

func (c *careless) Equal(other crypto.PublicKey) bool { return c == other }

// TestForeignKeyKeepsNothing has a foreign key write into its input: the keys behind it,
// and who asks for the digest, see what was signed.
func TestForeignKeyKeepsNothing(t *testing.T) {
	key := testKeys(t)["ecdsa-p256"]
	foreign, err := dsse.NewVerifier(&careless{"careless"})
	require.NoError(t, err)
	payload := []byte(`{"_type":"x"}`)
	e, err := parse(seal(t, payload, key))
	require.NoError(t, err)
	o, err := dsse.Open(e, 1, dsse.Key{Holder: "other", Verifier: foreign}, keyOf(t, "me", key), dsse.Key{Holder: "another", Verifier: foreign})
	require.NoError(t, err)
	assert.Equal(t, []dsse.Verified{{Index: 0, Key: 1}}, o.Verified)
	got, err := o.Message.Digest(crypto.SHA256)
	require.NoError(t, err)
	want := sha256.Sum256(dsse.PAE(dsse.PayloadTypeInToto, payload))
	assert.Equal(t, want[:], got)
}
