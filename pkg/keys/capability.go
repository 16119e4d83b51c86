package keys

import (
	"context"
	"crypto"
	"crypto/x509"
	"io"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// What a driver can do beside opening keys, each an interface of its own.

// Generator is a driver that makes keys in the place that holds them.
type Generator interface {
	Driver
	// Generate makes a key and returns what it made. ref says where: a key that
	// is there already is fault.OutputExists, and nothing is ever replaced on a
	// device. It honours ctx where it waits.
	Generate(ctx context.Context, ref Ref, a Algorithm) (*Generated, error)
}

// Generated is a key that a Generator made.
type Generated struct {
	// Ref opens exactly this key, whatever is made beside it later.
	Ref Ref
	// Public is its public half.
	Public crypto.PublicKey
	// PublicFile holds what is given to those who verify: PEM or keys.json.
	PublicFile []byte
	// Notes are what the user should know about it.
	Notes []Note
}

// Lister is a driver that can say which keys it sees.
type Lister interface {
	Driver
	// List returns the keys that ref covers; a ref with neither name nor options
	// covers all. It asks for no secret: what only a login would show is left
	// out, with a Note that says so.
	List(ctx context.Context, ref Ref) ([]Listed, []Note, error)
}

// Listed is a key that a driver sees.
type Listed struct {
	Ref Ref
	// Label is the key's own name where it lies, which is whatever somebody wrote.
	Label string
	// Algorithm is empty if stella does not know the key's kind.
	Algorithm Algorithm
	// Public is nil if it cannot be read without a secret.
	Public crypto.PublicKey
	// Where is the token, device or file that holds the key.
	Where string
}

// Attester is a driver whose keys come with a statement of their maker that
// they live in hardware.
type Attester interface {
	Driver
	// Attest returns the statement about the key that ref names.
	Attest(ctx context.Context, ref Ref) (*Attestation, error)
}

// AttestationVerifier is an Attester that can judge such statements.
type AttestationVerifier interface {
	Attester
	// VerifyAttestation returns nil if and only if the statement is about k and
	// somebody made it whom trust believes. A statement that the key makes about
	// itself leads nowhere and is refused.
	VerifyAttestation(a *Attestation, k *TrustedKey, trust AttestationTrust) error
}

// AttestationTrust says who is believed about keys in hardware. The zero value
// believes nobody.
type AttestationTrust struct {
	// Roots are certificates of makers; one that issued another may be among them.
	Roots []*x509.Certificate
	// Signers are attestation keys of devices that are known to be devices, where a
	// statement has no chain of its own: those of TPMs.
	Signers []crypto.PublicKey
	// At is the time at which certificates have to be good.
	At time.Time
}

// Enroller is an AttestationVerifier whose devices sign their statements with a
// key that no maker's certificate names, so that it has to be proved once.
type Enroller interface {
	AttestationVerifier
	// EnrolHere has the device that ref names prove that it is of one of the makers
	// of trust.Roots and holds an attestation key, and returns that key, which is
	// then one of trust.Signers. It proves that to the caller alone.
	EnrolHere(ctx context.Context, ref Ref, trust AttestationTrust) (crypto.PublicKey, error)
}

// Attestation is a maker's statement about one key, as the device gave it.
type Attestation struct {
	// Format names the encoding: "fido2-packed", "fido2-u2f", "tpm2-certify" and the like.
	Format string
	// Statement is the encoded statement.
	Statement []byte
	// Chain is the certificates, the leaf first, in DER. It is empty for a
	// statement that the key makes about itself.
	Chain [][]byte
}

// PINKeeper is a driver whose tokens have a PIN that their user can set or change.
type PINKeeper interface {
	Driver
	// SetPIN sets the first PIN of the token that ref names, and ChangePIN replaces
	// the one that it has. The new PIN comes from fresh, with Prompt.New, and the
	// old one from where Open has it. A token that has a PIN is fault.PINSet, one
	// that has none fault.PINNotSet, and a new PIN that it refuses fault.PINInvalid;
	// the other errors are those of Open about tokens and PINs. What is returned
	// names the token.
	SetPIN(ctx context.Context, ref Ref, fresh Passphrases) (token string, err error)
	ChangePIN(ctx context.Context, ref Ref, fresh Passphrases) (token string, err error)
}

// Close ends what a signer holds open, such as a session of a token. It does
// nothing for a signer that holds nothing.
func Close(s dsse.Signer) error {
	closer, ok := s.(io.Closer)
	if !ok {
		return nil
	}
	return closer.Close()
}

// Driver returns the driver of a scheme. A scheme without one is
// fault.KeyScheme, with what this build has in its hint, or which one has it.
func (d Drivers) Driver(scheme string) (Driver, error) {
	for _, driver := range d.list {
		if driver.Scheme() != scheme {
			continue
		}
		if other, absent := driver.(Absent); absent {
			return nil, other.Absent()
		}
		return driver, nil
	}
	return nil, fault.New(fault.KeyScheme, "no driver for key scheme %q in this build", scheme).With("scheme", scheme).
		WithHint("this build has: %s", joinNames(d.Schemes()))
}
