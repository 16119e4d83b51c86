package audit

import (
	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// MaxCheckpoint bounds a checkpoint, in bytes.
const MaxCheckpoint = chain.MaxCheckpoint

// Checkpoint is a verified checkpoint.
type Checkpoint = chain.Checkpoint

// kind is what an audit log is among chained files.
func kind() *chain.Kind {
	return &chain.Kind{
		Name: "audit log", Key: "audit key", Origin: "stella.ops/audit/",
		PublicKeyHint:  "it is one line as stella audit show --public-key prints it",
		GoOn:           "keep the log as it is and go on in another one: --audit-log FILE",
		UnwritableHint: "every use of a key is recorded before its signature leaves; name a log that can be written: --audit-log FILE",
		Malformed:      fault.AuditMalformed, Tampered: fault.AuditTampered, Unwritable: fault.AuditUnwritable,
	}
}

// OpenCheckpoint verifies a checkpoint with a verifier key. A signature that does
// not verify is fault.AuditTampered, anything that is no checkpoint
// fault.AuditMalformed.
func OpenCheckpoint(text []byte, verifierKey string) (*Checkpoint, error) {
	return kind().Open(text, verifierKey)
}

// NewestCheckpoint returns the checkpoint that lies beside the log at path, as it
// stands.
func NewestCheckpoint(path string) ([]byte, error) { return kind().NewestCheckpoint(path) }

// VerifierKey returns the key that verifies the checkpoints of the log at path,
// as it lies beside the log, in the encoding of a signed note.
func VerifierKey(path string) (string, error) { return kind().VerifierKey(path) }

// unwritable is the fault for a log that cannot take records.
func unwritable(path string, err error) error { return kind().WriteFault(path, err) }
