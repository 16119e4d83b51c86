package cli

import (
	"path/filepath"
	"time"

	"github.com/stellaops/stella/internal/doctor"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
	"github.com/stellaops/stella/pkg/offlinekit/store"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
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

func (s *session) doctorTrust() doctor.Trust {
	home := s.trustHome()
	out := doctor.Trust{Dir: home.Dir()}
	names, err := home.Names()
	if err != nil {
		out.Err = err
		return out
	}
	out.Active, out.Err = s.activeTrust()
	for _, name := range names {
		out.Bundles = append(out.Bundles, s.doctorBundle(home, name))
	}
	return out
}

func (s *session) doctorBundle(home *trust.Home, name string) doctor.TrustBundle {
	status, err := home.Status(name, s.Now())
	if err == nil {
		err = status.Err()
	}
	out := doctor.TrustBundle{Name: name, Err: err}
	if err == nil {
		out.Since, out.Expires = status.Imported.Since(), status.Imported.Expires
	}
	return out
}

func (s *session) doctorKits() doctor.Kits {
	kits := s.kitStore()
	out := doctor.Kits{Dir: kits.Dir(), Interrupted: kits.Interrupted()}
	names, err := kits.Channels()
	most := time.Duration(0)
	if err == nil {
		most, err = s.kitMaxAge()
	}
	out.Err = err
	for _, name := range names {
		out.Channels = append(out.Channels, s.doctorChannel(kits, name, most))
	}
	confined, err := kits.Quarantine()
	if err != nil {
		out.QuarantineErr = err
		return out
	}
	out.Quarantine, out.Quarantined = confined.Path, len(confined.Reports)+confined.Unreadable
	return out
}

func (s *session) doctorChannel(kits *store.Store, name string, most time.Duration) doctor.KitChannel {
	status, err := kits.Status(name, s.Now())
	if err != nil {
		return doctor.KitChannel{Name: name, Err: err}
	}
	out := doctor.KitChannel{Name: name, Version: status.Active.Version, Built: status.Active.CreatedAt}
	if most > 0 {
		out.Stale = status.Stale(most)
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
