package statement

import (
	"bytes"
	"context"
	"io"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Reason is why a key follows another.
type Reason string

// The reasons.
const (
	Planned     Reason = predicate.RotationPlanned     // the old key signs, too
	Lost        Reason = predicate.RotationLost        // the old key can sign no more
	Compromised Reason = predicate.RotationCompromised // the old key's signature would prove nothing
)

// Rotation says that a new key of one holder follows an old one. Times are to
// the second.
type Rotation struct {
	Reason Reason
	// Holder holds both keys.
	Holder string
	// Roles are the roles that the holder fills with the key.
	Roles []string
	// Old and New are the keys; of each the public half, scheme and FIDO2 matter.
	Old, New keys.TrustedKey
	// NotBefore is the first instant at which the new key is good.
	NotBefore time.Time
	// OverlapUntil is the last instant at which the old key is good.
	OverlapUntil time.Time
	// IssuedAt is when the statement was made.
	IssuedAt time.Time
}

type rotationJSON struct {
	Reason       Reason    `json:"reason"`
	Holder       string    `json:"holder"`
	Roles        []string  `json:"roles"`
	Old          keyJSON   `json:"old"`
	New          keyJSON   `json:"new"`
	OverlapUntil time.Time `json:"overlapUntil"`
	IssuedAt     time.Time `json:"issuedAt"`
}

// Message returns the statement. Windows that make no sense, or one key in both
// places, are fault.StatementInvalid; members out of bounds
// fault.PredicateInvalid.
func (r *Rotation) Message() (dsse.Message, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	p := rotationJSON{
		Reason: r.Reason, Holder: r.Holder, Roles: append([]string{}, r.Roles...),
		OverlapUntil: seconds(r.OverlapUntil), IssuedAt: seconds(r.IssuedAt),
	}
	var err error
	if p.Old, err = schemed(&r.Old); err != nil {
		return nil, err
	}
	if p.New, err = schemed(&r.New); err != nil {
		return nil, err
	}
	notBefore := seconds(r.NotBefore)
	p.New.NotBefore = &notBefore
	return newMessage(predicate.TypeKeyRotation, p, r.Old.Public, r.New.Public)
}

// schemed is a key with its scheme, if that is not the usual one.
func schemed(k *keys.TrustedKey) (keyJSON, error) {
	out, err := newKeyJSON(k.Public)
	if err != nil {
		return keyJSON{}, err
	}
	usual := keys.TrustedKey{Public: k.Public}
	if err := usual.Complete(); err != nil {
		return keyJSON{}, err
	}
	if k.Scheme != "" && k.Scheme != usual.Scheme {
		out.Scheme = k.Scheme
	}
	if k.FIDO2 != nil {
		out.FIDO2 = &fido2JSON{k.FIDO2.RPID, k.FIDO2.Flags}
	}
	return out, nil
}

// check judges what the statement says by itself.
func (r *Rotation) check() error {
	switch {
	case keys.Equal(r.Old.Public, r.New.Public):
		return fault.New(fault.StatementInvalid, "the old and the new key of the rotation are the same key")
	case seconds(r.NotBefore).After(seconds(r.OverlapUntil)):
		return fault.New(fault.StatementInvalid, "the new key is good only from %s on, and the old one only until %s: there is a gap without a key",
			seconds(r.NotBefore).Format(time.RFC3339), seconds(r.OverlapUntil).Format(time.RFC3339)).
			WithHint("let the new key begin earlier, or give a longer --overlap")
	}
	return nil
}

// Write signs the rotation and writes it as a DSSE envelope. old signs first,
// then next; without Planned there is no old signer, and old is nil. What is
// written has passed VerifyRotation or VerifyNew.
func (r *Rotation) Write(ctx context.Context, w io.Writer, old, next dsse.Signer) error {
	m, err := r.Message()
	if err != nil {
		return err
	}
	signers := []dsse.Signer{next}
	if (r.Reason == Planned) != (old != nil) {
		return fault.New(fault.Internal, "a rotation that is %s has the wrong signers", r.Reason)
	}
	if old != nil {
		signers = []dsse.Signer{old, next}
	}
	var b bytes.Buffer
	if _, err := dsse.Write(ctx, &b, m, false, signers...); err != nil {
		return err
	}
	e, err := dsse.ParseEnvelope(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		return err
	}
	if _, err := r.judge(e); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

func (r *Rotation) judge(e *dsse.Envelope) (*Rotation, error) {
	if r.Reason != Planned {
		return VerifyNew(e)
	}
	return VerifyRotation(e, &r.Old, keys.SigningTime{Time: r.IssuedAt})
}

// VerifyRotation returns the rotation in an envelope if it counts for those who
// trust old: both keys signed, and nobody else; the old key is old and good at
// the time; the holder is old's and every role one of old's; the new key begins
// no later than the old one ends, and that within old's window.
//
// The errors: fault.SignatureUntrusted for a rotation without an old signature,
// which only a trust bundle can make good; those of keys.TrustedKey.ValidAt;
// fault.SignatureMismatch and the like; fault.StatementInvalid for all else.
func VerifyRotation(e *dsse.Envelope, old *keys.TrustedKey, at keys.SigningTime) (*Rotation, error) {
	claimed, err := parseRotation(e.UnverifiedMessage())
	if err != nil {
		return nil, err
	}
	if claimed.Reason != Planned {
		return nil, fault.New(fault.SignatureUntrusted, "the old key was %s and did not sign the rotation", claimed.Reason).
			WithHint("wait for a trust bundle that has the new key: nothing else can introduce it")
	}
	r, err := verified(e, old, &claimed.New)
	if err != nil {
		return nil, err
	}
	if err := old.ValidAt(at); err != nil {
		return nil, err
	}
	return r, r.checkAgainst(old)
}

// VerifyNew returns the rotation in an envelope that the new key alone signed,
// because the old one was lost or compromised. It proves that who wrote it has
// the new key, and nothing else: a trust bundle alone can introduce that.
func VerifyNew(e *dsse.Envelope) (*Rotation, error) {
	claimed, err := parseRotation(e.UnverifiedMessage())
	if err != nil {
		return nil, err
	}
	if claimed.Reason == Planned {
		return nil, fault.New(fault.StatementInvalid, "the rotation is planned, so the old key must have signed it")
	}
	return verified(e, &claimed.New)
}

// verified opens the envelope with exactly the signatures of signers, and
// returns what was verified.
func verified(e *dsse.Envelope, signers ...*keys.TrustedKey) (*Rotation, error) {
	if n := e.SignatureCount(); n != len(signers) {
		return nil, fault.New(fault.SignatureThreshold, "the rotation has %d signatures, and it takes exactly %d", n, len(signers))
	}
	var list []dsse.Key
	for i, k := range signers {
		v, err := k.Verifier()
		if err != nil {
			return nil, err
		}
		list = append(list, dsse.Key{Holder: []string{"first", "second"}[i], Verifier: v}) // each must sign
	}
	opened, err := dsse.Open(e, len(signers), list...)
	if err != nil {
		return nil, err
	}
	return parseRotation(opened.Message)
}

// checkAgainst judges what the statement says of the old key.
func (r *Rotation) checkAgainst(old *keys.TrustedKey) error {
	foreign := slices.ContainsFunc(r.Roles, func(role string) bool { return !slices.Contains(old.Roles, role) })
	until := r.OverlapUntil
	switch {
	case !keys.Equal(r.Old.Public, old.Public):
		return fault.New(fault.StatementInvalid, "the rotation is from another key than %q", old.Name)
	case r.Holder != old.Holder:
		return fault.New(fault.StatementInvalid, "the rotation names another holder than that of key %q, and a rotation never changes it", old.Name)
	case foreign:
		return fault.New(fault.StatementInvalid, "the rotation names a role that key %q does not have", old.Name)
	case !old.NotAfter.IsZero() && until.After(old.NotAfter), until.Before(seconds(old.NotBefore)):
		return fault.New(fault.StatementInvalid, "the rotation lets the old key end outside its window")
	}
	return nil
}

// parseRotation reads a rotation, of which nothing is verified yet.
func parseRotation(m dsse.Message) (*Rotation, error) {
	var p rotationJSON
	subjects, err := read(m, predicate.TypeKeyRotation, &p)
	if err != nil {
		return nil, err
	}
	r := &Rotation{
		Reason: p.Reason, Holder: p.Holder, Roles: p.Roles,
		NotBefore: *p.New.NotBefore, OverlapUntil: p.OverlapUntil, IssuedAt: p.IssuedAt,
	}
	if r.Old, err = p.Old.trusted("old"); err != nil {
		return nil, err
	}
	if r.New, err = p.New.trusted("new"); err != nil {
		return nil, err
	}
	if err := about(subjects, r.Old.Public, r.New.Public); err != nil {
		return nil, err
	}
	return r, r.check()
}

func (k *keyJSON) trusted(name string) (keys.TrustedKey, error) {
	out := keys.TrustedKey{Name: name, Scheme: k.Scheme}
	var err error
	if out.Public, err = k.public(); err != nil {
		return out, err
	}
	if k.FIDO2 != nil {
		out.FIDO2 = &keys.FIDO2{RPID: k.FIDO2.RPID, Flags: k.FIDO2.Flags}
	}
	if err := out.Complete(); err != nil {
		return out, invalid(err, "malformed statement")
	}
	usual := keys.TrustedKey{Public: out.Public}
	if err := usual.Complete(); err != nil {
		return out, invalid(err, "malformed statement")
	}
	if out.FIDO2 != nil && out.Scheme == usual.Scheme {
		return out, fault.New(fault.StatementInvalid, "malformed statement: fido2 is for schemes of tokens, and %q is none", out.Scheme)
	}
	return out, nil
}
