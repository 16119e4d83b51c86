package keyring

import (
	"crypto"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/spelling"
)

// Contents is what a keyring holds. It is not safe for concurrent use.
type Contents struct{ Entries []Entry }

// Names returns the names of the keys, sorted.
func (c *Contents) Names() []string {
	names := make([]string, len(c.Entries))
	for i := range c.Entries {
		names[i] = c.Entries[i].Key.Name
	}
	slices.Sort(names)
	return names
}

// maxNear is how many near names a message lists.
const maxNear = 3

// Find returns the entry called name, to be changed within an Update. None is
// fault.KeyNotFound, with the nearest names in its hint.
func (c *Contents) Find(name string) (*Entry, error) {
	for i := range c.Entries {
		if c.Entries[i].Key.Name == name {
			return &c.Entries[i], nil
		}
	}
	err := fault.New(fault.KeyNotFound, "no key %.150q in the keyring", name)
	if near := spelling.Near(name, c.Names(), maxNear); len(near) > 0 {
		return nil, err.WithHint("did you mean %s?", strings.Join(near, " or "))
	}
	return nil, err.WithHint("stella keys list shows what is there")
}

// FindKey returns the entry of a public key, or nil.
func (c *Contents) FindKey(pub crypto.PublicKey) *Entry {
	for i := range c.Entries {
		if c.Entries[i].isKey(pub) {
			return &c.Entries[i]
		}
	}
	return nil
}

// Add adds an entry. A name or a key that is there already is
// fault.UsageInvalid.
func (c *Contents) Add(e Entry) error {
	if known := c.FindKey(e.Key.Public); known != nil {
		return fault.New(fault.UsageInvalid, "the keyring has this key already: it is %q", known.Key.Name).
			WithHint("sign with --key %s:%s", Scheme, known.Key.Name)
	}
	if _, err := c.Find(e.Key.Name); err == nil {
		return fault.New(fault.UsageInvalid, "the keyring has another key %q", e.Key.Name).WithHint("choose another --name")
	}
	if err := e.Key.Complete(); err != nil {
		return err
	}
	c.Entries = append(c.Entries, e)
	return nil
}

// Judge returns nil unless the keyring knows that a key must not sign at the
// time, however it was named: the errors of MaySign. A key that the keyring
// does not know is none of its business.
func (c *Contents) Judge(pub crypto.PublicKey, now time.Time) error {
	if e := c.FindKey(pub); e != nil {
		return e.MaySign(now)
	}
	return nil
}

// FreeName returns a name for the key that follows the one called name: with
// the next number at its end that is not taken.
func (c *Contents) FreeName(name string) string {
	base, number := splitNumber(name)
	for {
		number++
		next := joinNumber(base, number)
		if _, err := c.Find(next); err != nil {
			return next
		}
	}
}
