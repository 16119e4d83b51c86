package keyring

import (
	"crypto"
	"fmt"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// State is what a key is used for.
type State string

// The states. A revoked key stays revoked.
const (
	Active     State = "active"      // signs, within its window
	VerifyOnly State = "verify-only" // signs no more, or never did
	Revoked    State = "revoked"
)

// Entry is what the keyring knows about one key.
type Entry struct {
	// Key is the public half with its name, holder, roles, tenant, window and
	// revocation. Its predicate types are not the keyring's.
	Key keys.TrustedKey
	// State is what the key is used for.
	State State
	// Reference opens the private half. It is the zero Ref for a key of which
	// only the public half is known.
	Reference keys.Ref
	// Successor is the name of the key that follows this one, or empty.
	Successor string
	// Certificates are the key's certificate and its issuers, in DER.
	Certificates [][]byte
	// Attestations are statements of the key's maker, as they were given.
	Attestations []Attestation
	// History is what became of the key, the oldest first. It is only added to.
	History []Event
}

// Attestation is a maker's statement about a key. That it is kept says nothing
// about what it is worth.
type Attestation struct {
	keys.Attestation
	ObtainedAt time.Time
}

// Event is one line of a key's history.
type Event struct {
	Time   time.Time
	What   string
	Detail string // may be empty
}

// What happens to keys.
const (
	Generated = "generated"
	Imported  = "imported"
	Succeeded = "succeeded" // by another key
	Succeeds  = "succeeds"  // another key
	RevokedBy = "revoked"   // also when a revocation moves to an earlier time
	Attested  = "attested"
)

// HasReference reports whether the keyring knows where the private half is.
func (e *Entry) HasReference() bool { return e.Reference.Scheme() != "" }

// Note adds a line to the history. What does not fit is left out of its detail.
func (e *Entry) Note(now time.Time, what, format string, args ...any) {
	detail := []rune(fmt.Sprintf(format, args...))
	e.History = append(e.History, Event{now.UTC(), what, string(detail[:min(len(detail), maxDetailSize)])})
}

// MaySign returns nil if the key may sign at the time. The errors are
// fault.KeyRevoked, whatever its effective time, fault.KeyVerifyOnly,
// fault.KeyNotYetValid and fault.KeyExpired, in this order.
func (e *Entry) MaySign(now time.Time) error {
	k := &e.Key
	var err *fault.Error
	switch {
	case e.State == Revoked:
		err = fault.New(fault.KeyRevoked, "key %q is revoked since %s and signs no more", k.Name, stamp(k.RevokedAt))
	case e.State == VerifyOnly:
		err = fault.New(fault.KeyVerifyOnly, "key %q is kept for verification only", k.Name)
	case !k.NotBefore.IsZero() && now.Before(k.NotBefore):
		return fault.New(fault.KeyNotYetValid, "key %q may sign only from %s on", k.Name, stamp(k.NotBefore)).With("key", k.Name).
			WithHint("sign with another key until then: stella keys list")
	case !k.NotAfter.IsZero() && now.After(k.NotAfter):
		err = fault.New(fault.KeyExpired, "key %q could sign until %s", k.Name, stamp(k.NotAfter))
	default:
		return nil
	}
	if e.Successor != "" {
		return err.With("key", k.Name).WithHint("sign with the key that follows it: --key %s:%s", Scheme, e.Successor)
	}
	return err.With("key", k.Name).WithHint("sign with another key: stella keys list shows them")
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// warnBefore is how long before the end of its window a key warns.
const warnBefore = 30 * 24 * time.Hour

// notes are what a user who signs with the key should know.
func (e *Entry) notes(now time.Time) []keys.Note {
	end := e.Key.NotAfter
	if end.IsZero() || end.Sub(now) > warnBefore {
		return nil
	}
	note := keys.Note{Message: fmt.Sprintf("key %q signs until %s only", e.Key.Name, stamp(end))}
	if e.Successor != "" {
		note.Hint = fmt.Sprintf("change over to the key that follows it: --key %s:%s", Scheme, e.Successor)
	} else {
		note.Hint = fmt.Sprintf("make the key that follows it: stella keys rotate %s --to REF -o rotation.dsse.json", e.Key.Name)
	}
	return []keys.Note{note}
}

// Trusted returns the key as one to verify with: for any predicate type, within
// its window and up to its revocation.
func (e *Entry) Trusted() keys.TrustedKey {
	k := e.Key
	k.AnyPredicateType, k.PredicateTypes = true, nil
	k.Source = Scheme + ":" + k.Name
	return k
}

// isKey reports whether the entry is about a public key.
func (e *Entry) isKey(pub crypto.PublicKey) bool { return keys.Equal(e.Key.Public, pub) }
