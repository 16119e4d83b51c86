package keyring

import (
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// allows holds a change to what a keyring promises.
func (c *Contents) allows(after *Contents) error {
	for i := range c.Entries {
		old := &c.Entries[i]
		changed, err := after.Find(old.Key.Name)
		if err != nil {
			return fault.New(fault.KeyringFailed, "key %q would go from the keyring, which keeps every key", old.Key.Name)
		}
		if err := old.allows(changed); err != nil {
			return err
		}
	}
	return nil
}

func (e *Entry) allows(after *Entry) error {
	name := e.Key.Name
	switch {
	case !e.isKey(after.Key.Public):
		return fault.New(fault.KeyringFailed, "key %q would become another key", name)
	case len(after.History) < len(e.History), !slices.EqualFunc(e.History, after.History[:len(e.History)], sameEvent):
		return fault.New(fault.KeyringFailed, "the history of key %q would change, and it is only added to", name)
	case e.State == Revoked && after.State != Revoked:
		return fault.New(fault.KeyRevoked, "key %q is revoked, and that is never undone", name)
	case e.State == Revoked && after.Key.RevokedAt.After(e.Key.RevokedAt):
		return fault.New(fault.KeyRevoked, "key %q is revoked since %s, and a revocation moves to an earlier time only", name, stamp(e.Key.RevokedAt)).
			WithHint("leave it as it is, or give an earlier --effective")
	case e.State == VerifyOnly && after.State == Active:
		return fault.New(fault.KeyVerifyOnly, "key %q is kept for verification only, and does not sign again", name)
	}
	return nil
}

func sameEvent(a, b Event) bool {
	return a.Time.Equal(b.Time) && a.What == b.What && a.Detail == b.Detail
}
