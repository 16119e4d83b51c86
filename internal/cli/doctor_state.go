package cli

import (
	"path/filepath"
	"runtime"

	"github.com/stellaops/stella/internal/doctor"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

func (s *session) doctorKeyring() doctor.Keyring {
	out := doctor.Keyring{Dir: s.userDir("XDG_DATA_HOME", "share", "keyring")}
	if out.Dir == "" {
		return out
	}
	contents, err := keyring.New(out.Dir, keyring.Options{}).Read()
	if err != nil {
		out.Err = err
		return out
	}
	for _, e := range contents.Entries {
		if e.State == keyring.Active && e.HasReference() {
			out.Keys = append(out.Keys, doctor.Key{Name: e.Key.Name, NotAfter: e.Key.NotAfter})
		}
	}
	return out
}

func (s *session) doctorAuditLog() string {
	dir := s.userDir("XDG_STATE_HOME", "state", "audit")
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "audit.jsonl")
}

// userDir is a directory of stella's in one of the user's own, or empty if there
// is none. The XDG base directory specification says that a relative one is to
// be ignored.
func (s *session) userDir(variable, local, name string) string {
	dirs := []string{s.getenv(variable)}
	if runtime.GOOS == "windows" {
		dirs = append(dirs, s.getenv("LocalAppData"))
	} else if home := s.getenv("HOME"); home != "" {
		dirs = append(dirs, filepath.Join(home, ".local", local))
	}
	for _, dir := range dirs {
		if filepath.IsAbs(dir) {
			return filepath.Join(dir, "stella", name)
		}
	}
	return ""
}

// doctorDated are the program and the files that it wrote itself.
func (s *session) doctorDated(w *doctor.World) []string {
	dated := []string{w.AuditLog, filepath.Join(w.Keyring.Dir, "keyring.json")}
	if w.Config.File != "" {
		dated = append(dated, w.Config.File)
	}
	if program, err := s.Executable(); err == nil {
		dated = append(dated, program)
	}
	return dated
}

func doctorCrypto(p keys.Profile) doctor.Crypto {
	module := version.Module()
	return doctor.Crypto{
		Profile: string(p), Standing: standing(p, module), Module: module.Standing(),
		Validated: module.Validated(), NeedsModule: p == keys.ProfileFIPS,
	}
}
