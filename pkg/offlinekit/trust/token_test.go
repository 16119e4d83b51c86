package trust_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// token signs as a FIDO2 authenticator does, with a key in memory. The tests of the
// driver have a real one.
type token struct {
	key   *ecdsa.PrivateKey
	flags byte
}

const rpID = "stella.example"

func (k *token) Public() crypto.PublicKey { return k.key.Public() }

// ExtensionKind says that the signatures need more than their bytes.
func (k *token) ExtensionKind() string { return keys.AssertionKind(keys.SchemeFIDO2) }

func (k *token) Sign(_ context.Context, m dsse.Message) (dsse.Signature, error) {
	clientData, err := keys.ClientDataHash(keys.SchemeFIDO2, m)
	if err != nil {
		return dsse.Signature{}, err
	}
	rp := sha256.Sum256([]byte(rpID))
	data := binary.BigEndian.AppendUint32(append(rp[:], k.flags), 7)
	sum := sha256.Sum256(append(append([]byte{}, data...), clientData...))
	sig, err := k.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return dsse.Signature{}, err
	}
	return keys.NewAssertion(keys.SchemeFIDO2, k.key.Public(), data, sig)
}

func newTokenHolder(t *testing.T, name string, flags byte) holder {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return holder{&token{key, flags}, keys.TrustedKey{
		Name: name, Public: key.Public(), Holder: name, Scheme: keys.SchemeFIDO2, AnyPredicateType: true,
		FIDO2: &keys.FIDO2{RPID: rpID, Flags: []string{"up", "uv"}},
	}}
}

// publishWith publishes trust whose root are a key in a file and two on tokens.
func publishWith(t *testing.T, w *world, tokens ...holder) (*trust.Progress, error) {
	t.Helper()
	w.publisher = trust.NewPublisher(t.TempDir() + "/publisher")
	_, err := w.publisher.Init(t.Context(), trust.InitOptions{
		Root: roleOf(2, append([]holder{w.alice}, tokens...)...), Targets: roleOf(1, w.online), Now: w.now,
	})
	require.NoError(t, err)
	_, err = w.publisher.AddKeys(t.Context(), w.now, w.ci.trusted)
	require.NoError(t, err)
	return w.publisher.Sign(t.Context(), signersOf(append(tokens, w.online)...), nil)
}

// Keys on FIDO2 tokens count for a root, with what the token has to state.
func TestRootByTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	progress, err := publishWith(t, w, newTokenHolder(t, "one", 0x05), newTokenHolder(t, "two", 0x05))
	require.NoError(t, err)
	require.True(t, progress.Complete(), "%+v", progress.Staged)
	w.begin()
	w.mustImport(w.export())
	assert.NotNil(t, w.mustOpen().Trust.Find(w.ci.Public()))
}

func TestTokenThatWasNotUnlockedDoesNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := publishWith(t, w, newTokenHolder(t, "one", 0x05), newTokenHolder(t, "touched only", 0x01))
	requireReason(t, fault.SignatureMismatch, err)
}
