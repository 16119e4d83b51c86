package chain

import "github.com/stellaops/stella/internal/fault"

// Kind is what a file is a chain of. It gives errors their words and reasons.
type Kind struct {
	// Name is how messages call a file: "audit log"; File how they do once that is clear:
	// "log"; and Record what it is made of: "record".
	Name, File, Record string
	// Key is how they call its key: "audit key".
	Key string
	// Origin begins the name of every key, which is also the origin of the file's
	// checkpoints.
	Origin string
	// RenewsKey says that a file whose key is gone gets another one, and a record that
	// says so.
	RenewsKey bool
	// PublicKeyHint says what a verifier key looks like.
	PublicKeyHint string
	// GoOn is the hint for who met a file that cannot be gone on with.
	GoOn string
	// UnwritableHint is the hint for who cannot write beside the file.
	UnwritableHint string

	Malformed, Tampered, Unwritable fault.Reason
}
