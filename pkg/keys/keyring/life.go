package keyring

import (
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// Revoke revokes a key from effective on. One that is revoked already gets the
// earlier of both times and keeps its first reason; the same again changes
// nothing. A time in the future is fault.UsageInvalid, a later one than it has
// fault.KeyRevoked.
func (c *Contents) Revoke(name, reason string, effective, now time.Time) (*Entry, error) {
	e, err := c.Find(name)
	if err != nil {
		return nil, err
	}
	effective = effective.UTC()
	switch was := e.Key.RevokedAt; {
	case effective.After(now):
		return nil, fault.New(fault.UsageInvalid, "a revocation from %s on lies in the future", stamp(effective)).
			WithHint("revoke from now on, or from an earlier time")
	case e.State == Revoked && effective.After(was):
		return nil, fault.New(fault.KeyRevoked, "key %q is revoked since %s, and a revocation moves to an earlier time only", name, stamp(was)).
			WithHint("leave it as it is, or give an earlier --effective")
	case e.State == Revoked && effective.Equal(was):
		return e, nil
	case e.State != Revoked:
		e.Key.Reason = reason
	}
	e.State, e.Key.RevokedAt = Revoked, effective
	e.Note(now, RevokedBy, "from %s on: %s", stamp(effective), reason)
	return e, nil
}

// Succeed adds the key that follows the one called name. The old key signs until
// overlapUntil, or as long as it did if that is shorter; with a time that is
// not after now it signs no more at all. Both histories say so, detail with it.
func (c *Contents) Succeed(name string, next Entry, overlapUntil, now time.Time, detail string) error {
	if _, err := c.Find(name); err != nil {
		return err
	}
	nextID, err := dsse.KeyID(next.Key.Public)
	if err != nil {
		return err
	}
	if err := c.Add(next); err != nil {
		return err
	}
	old, err := c.Find(name) // after Add, which moves the entries
	if err != nil {
		return err
	}
	if old.Successor != "" {
		return fault.New(fault.UsageInvalid, "key %q is followed by %q already", name, old.Successor).
			WithHint("rotate that one: stella keys rotate %s --to REF -o rotation.dsse.json", old.Successor)
	}
	overlapUntil = overlapUntil.UTC()
	if end := old.Key.NotAfter; end.IsZero() || overlapUntil.Before(end) {
		old.Key.NotAfter = overlapUntil
	}
	if !overlapUntil.After(now) && old.State == Active {
		old.State = VerifyOnly
	}
	old.Successor = next.Key.Name
	old.Note(now, Succeeded, "by %s, %s; %s", next.Key.Name, nextID, detail)
	added, err := c.Find(next.Key.Name)
	if err != nil {
		return err
	}
	added.Note(now, Succeeds, "%s; %s", name, detail)
	return nil
}
