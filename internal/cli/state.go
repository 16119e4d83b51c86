package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// dataPath is the path of something that the user has, such as the keyring, or ""
// if there is no place for it. statePath is that of something that stella wrote
// down, such as the audit log. With --state both lie below one directory, under
// the same names. No other function knows where anything is.
func (s *session) dataPath(names ...string) string {
	return s.placed(homeDir(s.Env, "XDG_DATA_HOME", "share"), names)
}

func (s *session) statePath(names ...string) string {
	return s.placed(homeDir(s.Env, "XDG_STATE_HOME", "state"), names)
}

func (s *session) placed(home string, names []string) string {
	switch {
	case s.config.State != "":
		return filepath.Join(s.config.State, filepath.Join(names...))
	case home == "":
		return ""
	}
	return filepath.Join(home, "stella", filepath.Join(names...))
}

// homeDir is the directory that variable names, else the usual one below the
// user's home, or "" if there is none (XDG base directory specification, which
// also says that a relative one is to be ignored).
func homeDir(env Env, variable, usual string) string {
	dirs := []string{env.getenv(variable)}
	if runtime.GOOS == "windows" {
		dirs = append(dirs, env.getenv("LocalAppData"))
	} else if home := env.getenv("HOME"); home != "" {
		dirs = append(dirs, filepath.Join(home, ".local", usual))
	}
	for _, dir := range dirs {
		if filepath.IsAbs(dir) {
			return dir
		}
	}
	return ""
}

// Where things are in their directory.
const (
	keyringName = "keyring"
	trustName   = "trust"
	kitsName    = "kits"
	// quarantineName is beside the kits, since no name is free among those of channels.
	quarantineName = "quarantine"
	auditDir       = "audit"
	auditName      = "audit.jsonl"
)

// settleState lets the directory of all state win over a keyring and an audit log
// that were set in a weaker place: a flag moves what the file set. What is set in
// the same place or a stronger one stays where it is.
func settleState(config *Config, origins []origin) {
	if config.State == "" {
		return
	}
	find := func(key string) *origin {
		return &origins[slices.IndexFunc(origins, func(o origin) bool { return o.Key == key })]
	}
	state := find(keyState)
	for _, part := range []struct {
		key   string
		value *string
		place string
	}{
		{keyKeyring, &config.Keyring, filepath.Join(config.State, keyringName)},
		{keyAudit, &config.AuditLog, filepath.Join(config.State, auditDir, auditName)},
	} {
		if o := find(part.key); *part.value == "" || weaker(o.Source, state.Source) {
			*part.value = ""
			o.Value, o.Source, o.Where = part.place, state.Source, state.Where
		}
	}
}

// weaker reports whether a source gives way to another one.
func weaker(source, than string) bool {
	strength := []string{sourceDefault, sourceFile, sourceEnvironment, sourceFlag}
	return slices.Index(strength, source) < slices.Index(strength, than)
}

// checkState holds the directory of all state to being there. It is never made: in
// one that was misspelt no revocation would be known.
func checkState(config Config) error {
	dir := config.State
	if dir == "" {
		return nil
	}
	info, err := os.Stat(dir)
	switch {
	case err == nil && !info.IsDir():
		return fault.New(fault.StateUnusable, "state directory %q is not a directory", dir).With("path", dir).
			WithHint("name a directory: --%s DIR", keyState)
	case err == nil && everyoneWrites(info):
		return fault.New(fault.StateUnusable, "state directory %q can be written by every user, who could put a keyring of their own there", dir).
			With("path", dir).WithHint("look at what is in it, and take that right away: chmod o-w DIR")
	case err == nil:
		return nil
	}
	missing := errors.Is(err, fs.ErrNotExist)
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err // the path is in the sentence already
	}
	f := fault.Wrap(fault.StateUnusable, err, "state directory %q cannot be used", dir).With("path", dir)
	if missing {
		return f.WithHint("correct the name, or make it first: mkdir -m 700 DIR")
	}
	return f.WithHint("name a directory that you may use: --%s DIR", keyState)
}

// everyoneWrites reports whether the system's other users may write, in spite of a
// sticky bit: it protects what is there, and not a name that is still free. Modes
// say nothing on Windows.
func everyoneWrites(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0
}
