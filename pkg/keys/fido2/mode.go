package fido2

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// Mode is how a token and a key belong together, see the package's comment.
type Mode string

// The modes.
const (
	ModeWrapped   Mode = "fido2"
	ModeAssertion Mode = "fido2-assertion"
	ModeSSHSig    Mode = "sshsig"
)

// scheme returns how keys of the mode sign; "" is the key's own scheme.
func (m Mode) scheme() keys.Scheme {
	switch m {
	case ModeAssertion:
		return keys.SchemeFIDO2
	case ModeSSHSig:
		return keys.SchemeSSHSig
	}
	return ""
}

// Proves says in one sentence what a signature in the mode proves.
func (m Mode) Proves() string {
	switch m {
	case ModeWrapped:
		return "mode fido2: the token unlocks an ordinary key, which everybody can verify; that a token was needed is not seen in a signature"
	case ModeAssertion:
		return "mode fido2-assertion: each signature proves a touch of the token, and its PIN where trust demands it; only stella verifies it"
	case ModeSSHSig:
		return "mode sshsig: each signature proves a touch of the token; stella and ssh-keygen verify it"
	}
	return ""
}

// parseMode reads the option of a reference that generates a key.
func parseMode(s string) (Mode, error) {
	switch s {
	case "", string(ModeWrapped):
		return ModeWrapped, nil
	case "assertion", string(ModeAssertion):
		return ModeAssertion, nil
	case string(ModeSSHSig):
		return "", fault.New(fault.UsageInvalid, "keys of OpenSSH are made by ssh-keygen").
			WithHint("ssh-keygen -t ed25519-sk -O application=%sstella -f FILE, then name it fido2:FILE", keys.SSHSigApplication)
	}
	return "", fault.New(fault.UsageInvalid, "unknown mode %q of a FIDO2 key", s).WithHint("write mode=fido2 or mode=assertion")
}
