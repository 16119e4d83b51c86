package audit

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Use is what is known of a use of a key before it happens.
type Use struct {
	Request
	Key
	Content
	// Message, if it is not nil, is what will be signed, or is read where that is:
	// the payload's digest then costs no reading of its own.
	Message *Observed
}

// Signer is a signer whose every use is in a log before its signature is
// released, and also when there is none.
type Signer struct {
	inner dsse.Signer
	log   *Log
	use   Use
	// constant is what of the use is the same in all records.
	constant []byte
	// wrote is told the number of each record.
	wrote func(seq uint64)
}

var _ dsse.Signer = (*Signer)(nil)

// NewSigner returns inner with its uses recorded in log, as use says and with
// inner's key id. wrote, which may be nil, is told the number of each record.
func NewSigner(inner dsse.Signer, log *Log, use Use, wrote func(seq uint64)) (*Signer, error) {
	id, err := dsse.KeyID(inner.Public())
	if err != nil {
		return nil, err
	}
	use.ID = id
	return &Signer{inner: inner, log: log, use: use, constant: appendConstant(nil, &use.Request, &use.Key), wrote: wrote}, nil
}

// Public returns the public key.
func (s *Signer) Public() crypto.PublicKey { return s.inner.Public() }

// Sign implements dsse.Signer. If the record cannot be written, the signature is
// thrown away.
func (s *Signer) Sign(ctx context.Context, m dsse.Message) (dsse.Signature, error) {
	signature, err := s.inner.Sign(ctx, m)
	content := s.use.Content
	if content.PayloadSHA256 == "" {
		content.PayloadSHA256, err = s.use.payloadDigest(m, err)
	}
	seq, failed := s.log.Append(s.entry(content, signature, err))
	if failed != nil {
		return dsse.Signature{}, failed
	}
	s.note(seq)
	if err != nil {
		return dsse.Signature{}, err
	}
	return signature, nil
}

func (s *Signer) entry(content Content, signature dsse.Signature, err error) Entry {
	return Entry{Request: s.use.Request, Key: s.use.Key, Content: content, Outcome: OutcomeOf(signature, err), constant: s.constant}
}

func (s *Signer) note(seq uint64) {
	if s.wrote != nil {
		s.wrote(seq)
	}
}

// payloadDigest returns the SHA-256 of what was signed. After an error it only
// says what is known already.
func (u *Use) payloadDigest(m dsse.Message, err error) (string, error) {
	observed := u.Message
	if observed == nil {
		observed = Observe(m)
	}
	if err == nil && observed.digest() == "" {
		_, err = observed.WriteTo(io.Discard)
	}
	return observed.digest(), err
}

// Unwrap returns the inner signer, see dsse.ExtensionKind. Its signatures are in
// no log.
func (s *Signer) Unwrap() dsse.Signer { return s.inner }

// Close ends what the inner signer holds open.
func (s *Signer) Close() error { return keys.Close(s.inner) }

// OutcomeOf says how an attempt to sign ended.
func OutcomeOf(signature dsse.Signature, err error) Outcome {
	if err != nil {
		reason := fault.ReasonOf(err)
		return Outcome{Decision: decisionOf(reason), Reason: string(reason)}
	}
	sum := sha256.Sum256(signature.Sig)
	return Outcome{SignatureSHA256: hex.EncodeToString(sum[:]), Decision: Allowed}
}

// decisionOf tells a refusal, by somebody who judges or by the key's own guard,
// from something that did not work.
func decisionOf(r fault.Reason) Decision {
	guarded := strings.HasPrefix(string(r), "pin.") || strings.HasPrefix(string(r), "passphrase.")
	switch {
	case guarded, r == fault.DeviceUntouched, r.Exit() == fault.ExitRejected, r.Exit() == fault.ExitRefused:
		return Refused
	}
	return Failed
}
