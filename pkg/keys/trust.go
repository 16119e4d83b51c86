package keys

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// TrustedKey is one key that verification may rest on.
type TrustedKey struct {
	// Name is how messages call the key: its name in keys.json, else its file name.
	Name string
	// Public is the key itself.
	Public crypto.PublicKey
	// Certificate is the pinned certificate that the key came in, or nil.
	Certificate *x509.Certificate
	// Algorithm is the algorithm of Public.
	Algorithm Algorithm
	// Scheme is how the key signs.
	Scheme Scheme
	// Holder is who holds the key. Thresholds count holders.
	Holder string
	// Hybrid names the group of keys of Holder that this one counts with, and not
	// alone; empty for a key that counts by itself.
	Hybrid string
	// Roles are the roles that the holder may fill.
	Roles []string
	// NotBefore and NotAfter are the first and the last instant at which the
	// key is good; zero for no bound.
	NotBefore, NotAfter time.Time
	// RevokedAt is the instant from which on the key is bad; zero if it is not revoked.
	RevokedAt time.Time
	// Reason says why it was revoked.
	Reason string
	// PredicateTypes are the predicate types that the key may sign; empty for none.
	PredicateTypes []string
	// AnyPredicateType lifts the bound of PredicateTypes. It is true for bare
	// keys and pinned certificates, and where keys.json says "*".
	AnyPredicateType bool
	// Tenant is the tenant that the key is for, or empty.
	Tenant string
	// FIDO2 is what a token must have said; nil unless Scheme is SchemeFIDO2 or
	// SchemeSSHSig.
	FIDO2 *FIDO2
	// Hardware says how it is known that the private key is held by a device that
	// does not give it away; nil if that is not known.
	Hardware *Hardware
	// Source is the file that the key came from.
	Source string

	bare bool // a key alone: gives way to an entry that describes the same key
}

// FIDO2 is what a FIDO2 assertion must hold to count.
type FIDO2 struct {
	// RPID is the relying party id that the credential was made for; OpenSSH
	// calls it the application.
	RPID string
	// Flags are the flags that must be set: FlagUP, FlagUV; at least one.
	Flags []string
}

// Hardware is the word of whoever wrote an entry that they verified the maker's
// statement about the key. The statement itself is kept in their keyring.
type Hardware struct {
	// Format is the statement's, as in Attestation.
	Format string
	// Roots are the makers' certificates to which the statement had to lead, as
	// sha256:<hex> of their DER; at least one.
	Roots []string
	// VerifiedAt is when it did.
	VerifiedAt time.Time
}

func (h *Hardware) equal(o *Hardware) bool {
	return h == o || h != nil && o != nil && h.Format == o.Format && slices.Equal(h.Roots, o.Roots) && h.VerifiedAt.Equal(o.VerifiedAt)
}

// SigningTime is a time at which a key is judged.
type SigningTime struct {
	Time time.Time
	// Proven is true if a trusted time stamp or log covers the signature, and
	// false if Time is merely the time of verification.
	Proven bool
}

// Judge returns nil if the key was good at the time and may sign the predicate
// type, else the first of the errors of ValidAt and Allows.
func (k *TrustedKey) Judge(predicateType string, at SigningTime) error {
	if err := k.ValidAt(at); err != nil {
		return err
	}
	return k.Allows(predicateType)
}

// ValidAt returns nil if the key was good at the time. The errors are
// fault.KeyRevoked, fault.KeyNotYetValid and fault.KeyExpired, in this order.
//
// A revoked key validates only signatures that are proven to be older: who
// stole it can write any time into what it signs.
func (k *TrustedKey) ValidAt(at SigningTime) error {
	switch {
	case !k.RevokedAt.IsZero() && !at.Proven:
		return k.fault(fault.KeyRevoked, "is revoked since %s, and the signature has no proof that it is older", k.RevokedAt).
			WithHint("ask the signer for evidence with a time stamp from before the revocation, or signed by a key that is good")
	case !k.RevokedAt.IsZero() && !at.Time.Before(k.RevokedAt):
		return k.fault(fault.KeyRevoked, "is revoked since %s, before the signature was made", k.RevokedAt)
	case !k.NotBefore.IsZero() && at.Time.Before(k.NotBefore):
		return k.fault(fault.KeyNotYetValid, "is valid only from %s on", k.NotBefore)
	case !k.NotAfter.IsZero() && at.Time.After(k.NotAfter):
		return k.fault(fault.KeyExpired, "was valid only until %s", k.NotAfter)
	}
	return nil
}

func (k *TrustedKey) fault(r fault.Reason, verdict string, t time.Time) *fault.Error {
	stamp := t.UTC().Format(time.RFC3339Nano)
	err := fault.New(r, "key %q "+verdict, k.Name, stamp).With("key", k.Name).With("time", stamp)
	if k.Reason != "" && r == fault.KeyRevoked {
		err.With("revocation", k.Reason)
	}
	return err
}

// Allows returns nil if the key may sign a predicate type, else
// fault.KeyTypeForbidden. Where one type has several spellings, all of them are
// given, and one that is allowed is enough. Content without a predicate type
// has the type "", which only a key for any type may sign.
func (k *TrustedKey) Allows(spellings ...string) error {
	if k.AnyPredicateType {
		return nil
	}
	for _, s := range spellings {
		if s != "" && slices.Contains(k.PredicateTypes, s) {
			return nil
		}
	}
	return fault.New(fault.KeyTypeForbidden, "key %q may not sign predicate type %q", k.Name, slices.Concat(spellings, []string{""})[0]).
		With("key", k.Name)
}

// Verifier returns the verifier of the key's scheme, or fault.KeyUnsupported if
// the entry does not hold what the scheme needs, or its plugin may not run (see
// Trust.Resolve).
func (k *TrustedKey) Verifier() (dsse.Verifier, error) {
	switch k.Scheme {
	case SchemeRSAPSS:
		pub, ok := k.Public.(*rsa.PublicKey)
		if !ok {
			return nil, fault.New(fault.KeyUnsupported, "scheme %q needs an RSA key", k.Scheme)
		}
		return NewPSSVerifier(pub)
	case SchemeFIDO2, SchemeSSHSig:
		if k.FIDO2 == nil {
			return nil, fault.New(fault.KeyUnsupported, "key %q of scheme %q says no relying party id", k.Name, k.Scheme)
		}
		return NewAssertionVerifier(k.Scheme, k.Public, *k.FIDO2)
	}
	if plugged, ok := k.Public.(interface{ Verifiable() error }); ok {
		if err := plugged.Verifiable(); err != nil {
			return nil, fault.Wrap(fault.KeyUnsupported, err, "key %q", k.Name)
		}
	}
	verifier, err := dsse.NewVerifier(k.Public)
	if err != nil {
		return nil, fault.Wrap(fault.KeyUnsupported, err, "")
	}
	return verifier, nil
}
