package fido2

import (
	"context"
	"crypto"
	"crypto/sha256"
	"sync"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

// unlockHash is what the token signs when it gives a secret. Nobody takes such a
// signature: it is no hash of a PAE, and the secret is what is wanted.
func unlockHash() []byte {
	sum := sha256.Sum256([]byte("stella fido2 unlock v1"))
	return sum[:]
}

// unlock has the token give its secret, and opens the wrapped key with it.
func (s *session) unlock(ctx context.Context) (dsse.Signer, error) {
	a, err := s.assert(ctx, unlockHash(), s.key.file.Wrapped.Salt, "unlock "+s.key.path)
	if err != nil {
		return nil, err
	}
	defer clear(a.Secret)
	if err := checkVerified(a, s.key); err != nil {
		return nil, err
	}
	key, err := s.key.file.open(a.Secret)
	if err != nil {
		return nil, withPath(s.key.path, err)
	}
	signer, err := dsse.NewSigner(key)
	if err != nil {
		return nil, fault.Wrap(fault.KeyUnsupported, err, "%q", s.key.path)
	}
	if err := keys.SelfTest(ctx, signer); err != nil {
		return nil, withPath(s.key.path, err)
	}
	return &unlocked{public: signer.Public(), inner: signer, key: key}, nil
}

// checkVerified: with the user verified against the file a token of CTAP 2.1
// gives another secret, and the file would only seem to be damaged.
func checkVerified(a *ctap.Assertion, c *credential) error {
	if got := a.AuthData.Flags&ctap.FlagUserVerified != 0; got != c.verify {
		clear(a.Secret)
		return fault.New(fault.DeviceFailed, "the token verified its user although the key %q was made without", c.path).
			WithHint("make a key with uv=required for this token")
	}
	return nil
}

// unlocked is the signer of an unlocked key.
type unlocked struct {
	public crypto.PublicKey

	mu    sync.RWMutex
	inner dsse.Signer // nil when closed
	key   crypto.Signer
}

var _ dsse.Signer = (*unlocked)(nil)

func (u *unlocked) Public() crypto.PublicKey { return u.public }

func (u *unlocked) Sign(ctx context.Context, m dsse.Message) (dsse.Signature, error) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	if u.inner == nil {
		return dsse.Signature{}, errClosed()
	}
	return u.inner.Sign(ctx, m)
}

// Close overwrites the key.
func (u *unlocked) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.inner != nil {
		wipe(u.key)
		u.inner, u.key = nil, nil
	}
	return nil
}

// errClosed is about a signer that is used after Close.
func errClosed() error { return fault.New(fault.Internal, "the key was closed") }
