package tpm

import (
	"context"
	"crypto"
	"io"
	"sync"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// closeLimit is how long a closing signer waits for the TPM to forget its key.
const closeLimit = 10 * time.Second

// signer is a key that is loaded in a TPM.
type signer struct {
	device  *device
	key     *key // belongs to whoever has the device's turn
	public  crypto.PublicKey
	scheme  dsse.Scheme
	id      string
	warning string // for who gives the PIN
	pin     []byte // until Close
	notes   []keys.Note

	closing sync.Once
}

var (
	_ dsse.Signer = (*signer)(nil)
	_ keys.Noter  = (*signer)(nil)
	_ io.Closer   = (*signer)(nil)
)

// newSigner loads a key. The signer cannot sign before begin.
func newSigner(ctx context.Context, dev *device, load func(*conn) (*key, error)) (*signer, error) {
	return use(ctx, dev, func(c *conn) (*signer, error) {
		k, err := load(c)
		if err != nil {
			return nil, err
		}
		s, err := describe(dev, k)
		if err != nil {
			k.release()
		}
		return s, err
	}, func(_ *conn, s *signer) { s.key.release() })
}

func describe(dev *device, k *key) (*signer, error) {
	warning, err := k.checkAttempts()
	if err != nil {
		return nil, err
	}
	public, err := publicKey(k.public)
	if err != nil {
		return nil, err
	}
	scheme, err := dsse.SchemeOf(public)
	if err != nil {
		return nil, err
	}
	id, err := dsse.KeyID(public)
	if err != nil {
		return nil, err
	}
	return &signer{device: dev, key: k, public: public, scheme: scheme, id: id, warning: warning, notes: notes(k)}, nil
}

// begin asks for the PIN, begins the session and tests the key.
func (s *signer) begin(ctx context.Context, ref keys.Ref, ask keys.Passphrases) error {
	if s.key.wantsPIN {
		var err error
		prompt := keys.Prompt{Key: ref.String(), Warning: s.warning}
		if s.pin, err = askPIN(ctx, ask, prompt, s.key.maxPIN()); err != nil {
			return hintAuthNone(err, ref)
		}
	}
	if _, err := use(ctx, s.device, func(*conn) (struct{}, error) { return struct{}{}, s.key.begin(s.pin) }, nil); err != nil {
		return err
	}
	return keys.SelfTest(ctx, s)
}

// hintAuthNone adds the choice that a persistent key has.
func hintAuthNone(err error, ref keys.Ref) error {
	at, placeErr := parsePlace(ref)
	if fault.ReasonOf(err) != fault.PINRequired || placeErr != nil || at.path != "" {
		return err
	}
	return fault.Wrap(fault.PINRequired, err, "").
		WithHint("%s; for a key without a PIN write %s:%s?auth=none", fault.HintOf(err), Scheme, ref.Name())
}

// Public implements dsse.Signer.
func (s *signer) Public() crypto.PublicKey { return s.public }

// Notes implements keys.Noter.
func (s *signer) Notes() []keys.Note { return s.notes }

// Sign implements dsse.Signer.
func (s *signer) Sign(ctx context.Context, m dsse.Message) (dsse.Signature, error) {
	if err := ctx.Err(); err != nil {
		return dsse.Signature{}, err
	}
	digest, err := m.Digest(s.scheme.Hash)
	if err != nil {
		return dsse.Signature{}, err
	}
	sig, err := use(ctx, s.device, func(*conn) ([]byte, error) { return s.key.sign(digest, s.scheme.Hash) }, nil)
	if err != nil {
		return dsse.Signature{}, err
	}
	return dsse.Signature{KeyID: s.id, Sig: sig}, nil
}

// Close makes the TPM forget the key. A second Close does nothing.
func (s *signer) Close() error {
	s.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		_, _ = use(ctx, s.device, func(*conn) (struct{}, error) { // a TPM that is gone has forgotten
			s.key.release()
			clear(s.pin)
			return struct{}{}, nil
		}, nil)
		s.device.put()
	})
	return nil
}

// notes says what a user should know about a key.
func notes(k *key) []keys.Note {
	var out []keys.Note
	a := k.public.ObjectAttributes
	if !a.FixedTPM || !a.FixedParent || !a.SensitiveDataOrigin {
		out = append(out, keys.Note{
			Message: "the TPM key was made outside this TPM or may leave it, so that a copy may exist",
			Hint:    "make a key that never leaves the TPM with \"stella keys generate\"",
		})
	}
	if k.wantsPIN && !k.limited() {
		out = append(out, keys.Note{Message: "the TPM does not count wrong PINs of this key: its PIN can be guessed at leisure"})
	}
	return out
}
