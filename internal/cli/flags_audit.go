package cli

import (
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
)

const (
	flagAuditLog = "audit-log"
	// auditNone is the value of the flag that turns the audit log off.
	auditNone = "none"
)

// addAuditFlag registers the flag of every command that uses a private key.
func addAuditFlag(fs *pflag.FlagSet) {
	fs.String(flagAuditLog, "", "record the use of the key in `FILE` instead of the user's own log; none turns that off for this command")
}

// auditLog returns the path of the audit log.
func (s *session) auditLog() (string, error) {
	if s.config.AuditLog != "" {
		return s.config.AuditLog, nil
	}
	if path := s.statePath(auditDir, auditName); path != "" {
		return path, nil
	}
	return "", fault.New(fault.AuditUnwritable, "there is no place for the audit log: HOME is not set").
		WithHint("name a file for it: --%s FILE", flagAuditLog)
}
