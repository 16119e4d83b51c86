package keyring

import (
	"context"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Scheme is the scheme of references to keys of the keyring: keyring:NAME.
const Scheme = "keyring"

// Driver opens keys by their names in a keyring, through the drivers that hold
// them. It is safe for concurrent use if they are.
type Driver struct {
	ring   *Keyring
	others keys.Drivers
	now    func() time.Time
}

var _ keys.Driver = (*Driver)(nil)

// NewDriver returns a Driver over the keys of ring, which others open. now is
// the clock.
func NewDriver(ring *Keyring, others keys.Drivers, now func() time.Time) *Driver {
	return &Driver{ring, others, now}
}

// Scheme returns Scheme.
func (d *Driver) Scheme() string { return Scheme }

// secretOptions are the options that say where a secret is; given with the
// keyring's reference they are passed on.
func secretOptions() []string {
	return []string{keys.OptionPassphraseFile, keys.OptionPassphraseEnv, keys.OptionPINFile, keys.OptionPINEnv}
}

// Open opens the key called as ref says, if it may sign now and is the key that
// the keyring knows. The signer is a keys.Noter, which warns in the last 30 days
// of the key's window; keys.Close ends what it holds open.
//
// The errors: those of Keyring.Read, Contents.Find and Entry.MaySign, those of
// the driver that holds the key, and fault.KeySubstituted for another key than
// the keyring's, such as after a token was swapped or a service rotated its key.
func (d *Driver) Open(ctx context.Context, ref keys.Ref) (dsse.Signer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := ref.CheckOptions(secretOptions()...); err != nil {
		return nil, err
	}
	contents, err := d.ring.Read()
	if err != nil {
		return nil, err
	}
	entry, err := contents.Find(ref.Name())
	if err != nil {
		return nil, err
	}
	now := d.now()
	if err := entry.MaySign(now); err != nil {
		return nil, err
	}
	signer, err := d.open(ctx, entry, ref)
	if err != nil {
		return nil, err
	}
	notes := entry.notes(now)
	if noter, ok := signer.(keys.Noter); ok {
		notes = append(noter.Notes(), notes...)
	}
	return &opened{signer, notes}, nil
}

func (d *Driver) open(ctx context.Context, e *Entry, by keys.Ref) (dsse.Signer, error) {
	signer, err := d.others.Open(ctx, passOn(e.Reference, by))
	if err != nil {
		return nil, err
	}
	if e.isKey(signer.Public()) {
		return signer, nil
	}
	_ = keys.Close(signer) // it is not used, and the error that matters follows
	return nil, fault.New(fault.KeySubstituted, "%s opens another key than the one that the keyring knows as %q", e.Reference, e.Key.Name).
		WithHint("find out who changed the key; take the new one in under another name: stella keys import %s --name NAME", e.Reference).
		With("key", e.Key.Name)
}

// passOn gives ref the options of by.
func passOn(ref, by keys.Ref) keys.Ref {
	for _, name := range secretOptions() {
		if value, given := by.Option(name); given {
			ref = ref.With(name, value)
		}
	}
	return ref
}

// opened is the signer of a key of the keyring.
type opened struct {
	dsse.Signer
	notes []keys.Note
}

var _ keys.Noter = (*opened)(nil)

func (o *opened) Notes() []keys.Note { return o.notes }

// Unwrap returns the signer of the driver that holds the key, which may be more
// than a dsse.Signer.
func (o *opened) Unwrap() dsse.Signer { return o.Signer }

// Close ends what the signer holds open.
func (o *opened) Close() error { return keys.Close(o.Signer) }
