package fido2

import (
	"context"
	"crypto"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// tokenSigner is a signer whose token makes each signature, in the modes
// fido2-assertion and sshsig.
type tokenSigner struct {
	session  *session
	scheme   keys.Scheme
	verifier dsse.Verifier
}

var _ dsse.Signer = (*tokenSigner)(nil)

func newTokenSigner(s *session) (*tokenSigner, error) {
	scheme := s.key.mode.scheme()
	verifier, err := keys.NewAssertionVerifier(scheme, s.key.public, s.key.trust())
	if err != nil {
		return nil, err
	}
	return &tokenSigner{s, scheme, verifier}, nil
}

func (t *tokenSigner) Public() crypto.PublicKey { return t.session.key.public }

// ExtensionKind says that only a bare envelope has a place for the signatures,
// see dsse.ExtensionKind.
func (t *tokenSigner) ExtensionKind() string { return keys.AssertionKind(t.scheme) }

// Describe returns how the key signs, see keys.Describe.
func (t *tokenSigner) Describe() keys.TrustedKey {
	want := t.session.key.trust()
	return keys.TrustedKey{Public: t.Public(), Scheme: t.scheme, FIDO2: &want}
}

// Verifier returns the verifier of the signatures, see keys.VerifierOf.
func (t *tokenSigner) Verifier() (dsse.Verifier, error) { return t.verifier, nil }

// Sign has the token sign and verifies what it signed. It waits for a touch.
func (t *tokenSigner) Sign(ctx context.Context, m dsse.Message) (dsse.Signature, error) {
	if err := ctx.Err(); err != nil {
		return dsse.Signature{}, err
	}
	hash, err := keys.ClientDataHash(t.scheme, m)
	if err != nil {
		return dsse.Signature{}, err
	}
	a, err := t.session.assert(ctx, hash, nil, "sign with "+t.session.key.path)
	if err != nil {
		return dsse.Signature{}, err
	}
	signature, err := keys.NewAssertion(t.scheme, t.Public(), a.AuthData.Raw, a.Signature)
	if err != nil {
		return dsse.Signature{}, fault.Wrap(fault.DeviceFailed, err, "the token gave no assertion that can be used")
	}
	if err := t.verifier.Verify(m, signature); err != nil {
		return dsse.Signature{}, fault.Wrap(fault.KeySelfTest, err, "the token's signature does not verify with the key of %q", t.session.key.path).
			WithHint("restore the key file from a backup, or use the token that it was made with")
	}
	return signature, nil
}

// Close forgets the PIN.
func (t *tokenSigner) Close() error {
	t.session.close()
	return nil
}
