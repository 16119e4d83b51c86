//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"crypto"
	"crypto/rand"
	"io"
	"sync"

	"github.com/ThalesGroup/crypto11"
	"github.com/miekg/pkcs11"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// signer signs with a key of a token.
type signer struct {
	dsse.Signer // over handle
	handle      *handle
	closing     sync.Once
}

var (
	_ dsse.Signer = (*signer)(nil)
	_ keys.Noter  = (*signer)(nil)
	_ io.Closer   = (*signer)(nil)
)

// signer returns the key's signer, after a self-test. It takes over the use of t.
func (k *key) signer(ctx context.Context, t *token) (*signer, error) {
	h := &handle{key: k, token: t}
	if k.kind == ckkEdwards {
		h.sessions = newSessions(t.room(1), func() (session, error) { return t.openEdwards(k) })
	} else {
		h.sessions = newSessions(t.room(2), func() (session, error) { return t.openCrypto11(k) })
	}
	inner, err := dsse.NewSigner(h)
	if err != nil {
		settle(ctx, t.release())
		return nil, fault.Wrap(fault.KeyUnsupported, err, "")
	}
	s := &signer{Signer: inner, handle: h}
	err = keys.SelfTest(ctx, s)
	if err == nil {
		return s, nil
	}
	s.end(ctx)
	if fault.ReasonOf(err) == fault.KeySelfTest {
		return nil, fault.Wrap(fault.KeySelfTest, err, "%q", k.uri(t.tokenInfo).String()).
			WithHint("the token pairs a private key with the public key of another: correct their ids and labels")
	}
	return nil, err
}

func (s *signer) Notes() []keys.Note { return s.handle.key.notes }

// Close ends the sessions of the signer and, if it is the last of its token, the
// login. Signatures that are being made are finished first, but not waited for.
func (s *signer) Close() error {
	s.end(context.Background())
	return nil
}

// end is Close, which waits for the token no longer than ctx does.
func (s *signer) end(ctx context.Context) {
	s.closing.Do(func() {
		done := make(chan nothing)
		go func() {
			defer close(done)
			s.handle.sessions.close()
			<-s.handle.token.release()
		}()
		settle(ctx, done)
	})
}

// handle is the private key as crypto has it.
type handle struct {
	key      *key
	token    *token
	sessions *sessions
}

var _ dsse.ContextSigner = (*handle)(nil)

func (h *handle) Public() crypto.PublicKey { return h.key.public }

func (h *handle) Sign(_ io.Reader, input []byte, opts crypto.SignerOpts) ([]byte, error) {
	return h.SignContext(context.Background(), input, opts)
}

// SignContext signs what the scheme of the key wants signed. A token that goes
// away meanwhile is fault.DeviceFailed.
func (h *handle) SignContext(ctx context.Context, input []byte, _ crypto.SignerOpts) ([]byte, error) {
	signature, err := h.sessions.sign(ctx, input)
	if err != nil {
		return nil, h.token.failed("signing", err)
	}
	return signature, nil
}

// crypto11Session signs through crypto11. It has a context of crypto11 for
// itself, so that a session that failed can be closed alone: crypto11 would put
// it back among the others.
type crypto11Session struct {
	token   *token
	context *crypto11.Context
	key     crypto11.PrivateKey
	hash    crypto.Hash
}

func (t *token) openCrypto11(k *key) (session, error) {
	scheme, err := dsse.SchemeOf(k.public)
	if err != nil {
		return nil, err
	}
	t.uses.Add(1)
	c, err := t.connect()
	if err != nil {
		t.release()
		return nil, err
	}
	s := &crypto11Session{token: t, context: c, hash: scheme.Hash}
	if s.key, err = findPrivate(c, k); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// findPrivate finds the key again for crypto11. It asks for the private half
// only: to pair it with its public half is what crypto11 gets wrong.
func findPrivate(c *crypto11.Context, k *key) (crypto11.PrivateKey, error) {
	attributes := crypto11.NewAttributeSet()
	for name, value := range map[uint]any{crypto11.CkaKeyType: k.kind, crypto11.CkaId: k.id, crypto11.CkaLabel: []byte(k.label)} {
		if b, isBytes := value.([]byte); isBytes && len(b) == 0 {
			continue // some tokens cannot look for an empty one
		}
		if err := attributes.Set(name, value); err != nil {
			return nil, err
		}
	}
	found, err := c.FindPrivateKeysWithAttributes(attributes)
	if err == nil && len(found) != 1 { // it was one a moment ago
		err = pkcs11.Error(pkcs11.CKR_OBJECT_HANDLE_INVALID)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (s *crypto11Session) sign(digest []byte) ([]byte, error) {
	return s.key.Sign(rand.Reader, digest, s.hash)
}

func (s *crypto11Session) close() {
	_ = s.context.Close()
	s.token.release()
}

// edwardsSession signs with Ed25519, which crypto11 does not know.
type edwardsSession struct {
	token  *token
	handle pkcs11.SessionHandle
	object pkcs11.ObjectHandle
}

func (t *token) openEdwards(k *key) (session, error) {
	handle, err := t.module.p11.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return nil, err
	}
	t.uses.Add(1)
	return &edwardsSession{t, handle, k.object}, nil
}

// sign signs the message itself: without a parameter the mechanism is pure
// Ed25519 (PKCS #11 3.0, section 2.3.14).
func (s *edwardsSession) sign(message []byte) ([]byte, error) {
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(ckmEdDSA, nil)}
	if err := s.token.module.p11.SignInit(s.handle, mechanism, s.object); err != nil {
		return nil, err
	}
	return s.token.module.p11.Sign(s.handle, message)
}

func (s *edwardsSession) close() {
	_ = s.token.module.p11.CloseSession(s.handle)
	s.token.release()
}
