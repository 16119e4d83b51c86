package cli

import (
	"path/filepath"
	"runtime"

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
	if s.config.State != "" {
		return filepath.Join(s.config.State, "audit", "audit.jsonl"), nil
	}
	for _, dir := range stateDirs(s.Env) {
		if filepath.IsAbs(dir) {
			return filepath.Join(dir, "stella", "audit", "audit.jsonl"), nil
		}
	}
	return "", fault.New(fault.AuditUnwritable, "there is no place for the audit log: HOME is not set").
		WithHint("name a file for it: --%s FILE", flagAuditLog)
}

// stateDirs are the user's directories for what programs remember, in order (XDG
// base directory specification). Relative ones do not count.
func stateDirs(env Env) []string {
	dirs := []string{env.getenv("XDG_STATE_HOME")}
	if runtime.GOOS == "windows" {
		return append(dirs, env.getenv("LocalAppData"))
	}
	if home := env.getenv("HOME"); home != "" {
		dirs = append(dirs, filepath.Join(home, ".local", "state"))
	}
	return dirs
}
