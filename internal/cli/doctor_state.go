package cli

import (
	"path/filepath"

	"github.com/stellaops/stella/internal/doctor"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

func (s *session) doctorKeyring() doctor.Keyring {
	ring := s.keyring()
	out := doctor.Keyring{Dir: ring.Dir()}
	contents, err := ring.Read()
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
