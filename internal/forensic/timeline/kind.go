package timeline

import (
	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// kind is what a timeline is among chained files.
func kind() *chain.Kind {
	return &chain.Kind{
		Name: "timeline", Key: "timeline key", Origin: "stella.ops/timeline/",
		PublicKeyHint:  "it is one line as stella forensic timeline show --public-key prints it",
		GoOn:           "go on in another timeline, whose first event says why",
		UnwritableHint: "name a timeline in a directory that can be written: its key, checkpoint and lock lie beside it",
		Malformed:      fault.TimelineMalformed, Tampered: fault.TimelineTampered, Unwritable: fault.TimelineUnwritable,
	}
}

// OpenCheckpoint verifies a checkpoint with a verifier key. A signature that does
// not verify is fault.TimelineTampered, anything that is no checkpoint
// fault.TimelineMalformed.
func OpenCheckpoint(text []byte, verifierKey string) (*chain.Checkpoint, error) {
	return kind().Open(text, verifierKey)
}

// NewestCheckpoint returns the checkpoint that lies beside the timeline at path, as
// it stands.
func NewestCheckpoint(path string) ([]byte, error) { return kind().NewestCheckpoint(path) }

// VerifierKey returns the key that verifies the checkpoints of the timeline at path,
// as it lies beside it, in the encoding of a signed note.
func VerifierKey(path string) (string, error) { return kind().VerifierKey(path) }

// tampered is the fault for a timeline that a writer finds changed.
func tampered(path, why string) error {
	return fault.New(fault.TimelineTampered, "timeline %q: %s", path, why).
		WithHint("look closer with stella forensic timeline verify %s, keep it as evidence, and %s", path, kind().GoOn).
		With("path", path)
}
