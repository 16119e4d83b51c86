package keys

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// Driver opens the keys of one scheme.
type Driver interface {
	// Scheme returns the scheme of the references that Open takes, in lower case.
	Scheme() string
	// Open returns the signer of a key that passed SelfTest, or an equal proof
	// that its halves belong together. It honours ctx where it waits.
	Open(ctx context.Context, ref Ref) (dsse.Signer, error)
}

// Note is something that a user should know about a key that works.
type Note struct {
	Message string
	Hint    string
}

// Noter is a signer that has notes for the user.
type Noter interface{ Notes() []Note }

// Absent is a driver that only other builds have. It stands in the list for
// the sentence that names them: its scheme is not among Schemes.
type Absent interface {
	Driver
	// Absent returns that sentence as a fault.KeyScheme.
	Absent() error
}

// Drivers is the list of drivers that a program has. The zero value has none.
type Drivers struct{ list []Driver }

// NewDrivers returns a list of drivers. Two drivers of one scheme are an error.
func NewDrivers(list ...Driver) (Drivers, error) {
	d := Drivers{}
	for _, driver := range list {
		if slices.ContainsFunc(d.list, func(other Driver) bool { return other.Scheme() == driver.Scheme() }) {
			return Drivers{}, fault.New(fault.Internal, "two drivers for key scheme %q", driver.Scheme())
		}
		d.list = append(d.list, driver)
	}
	return d, nil
}

// Schemes returns the schemes that this build has, in the order of the list.
func (d Drivers) Schemes() []string {
	var out []string
	for _, driver := range d.list {
		if _, absent := driver.(Absent); !absent {
			out = append(out, driver.Scheme())
		}
	}
	return out
}

// Open opens the key that ref names. A scheme without a driver is
// fault.KeyScheme, with what this build has in its hint.
func (d Drivers) Open(ctx context.Context, ref Ref) (dsse.Signer, error) {
	driver, err := d.Driver(ref.Scheme())
	if err == nil {
		return driver.Open(ctx, ref)
	}
	if slices.Contains(knownSchemes(), ref.Scheme()) {
		return nil, err
	}
	if strings.HasPrefix(ref.Name(), "//") { // the form of keys behind plugins
		return nil, fault.Wrap(fault.KeyScheme, err, "").
			WithHint("%s; if a plugin has these keys, add %q to the setting plugins.allow", fault.HintOf(err), ref.Scheme())
	}
	return nil, fault.Wrap(fault.KeyScheme, err, "").
		WithHint("%s; a file with that name is written %q", fault.HintOf(err), "./"+ref.String())
}

// knownSchemes are the schemes that key references may have by contract. For
// them an absent driver is the explanation, and not a file with a colon.
func knownSchemes() []string {
	return []string{
		"pkcs11", "fido2", "tpm", "awskms", "gcpkms", "azurekms", "hashivault", "gost", "env", "signer", "keyring",
	}
}

// SelfTest signs a random message with s and verifies it with the public key
// of s. A failure is fault.KeySelfTest; an error of the signer itself is
// returned as it is.
//
// The message has a payload type of its own, so the signature is of no use for
// anything else.
func SelfTest(ctx context.Context, s dsse.Signer) error {
	verifier, err := VerifierOf(s)
	if err != nil {
		return err
	}
	challenge := make([]byte, 32)
	rand.Read(challenge) // never fails, see crypto/rand
	m := dsse.NewMessage("application/vnd.stella.self-test", dsse.Bytes(challenge))
	sig, err := s.Sign(ctx, m)
	if err != nil {
		return err
	}
	if err := verifier.Verify(m, sig); err != nil {
		return fault.New(fault.KeySelfTest, "the key's signatures do not verify with its own public key").
			WithHint("restore the key from a backup: private and public half do not belong together")
	}
	return nil
}
