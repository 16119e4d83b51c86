package cli

import (
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	envkey "github.com/stellaops/stella/pkg/keys/env"
	"github.com/stellaops/stella/pkg/keys/file"
	"github.com/stellaops/stella/pkg/keys/plugin"
)

// driverList is every key driver of this build. ask gives passphrases, env
// those that a key reference takes from a variable.
func driverList(ask keys.Passphrases, env *keys.Environment) []keys.Driver {
	return []keys.Driver{
		file.New(ask, env),
		envkey.New(ask, env),
	}
}

// schemes lists the schemes of the drivers, those behind plugins last.
func schemes() []string {
	var names []string
	for _, driver := range driverList(nil, nil) {
		names = append(names, driver.Scheme())
	}
	return append(names, plugin.New(plugin.Options{}).Names()...)
}

// drivers returns the drivers with passphrases from where secrets says.
func (s *session) drivers(secrets *secretFlags) (keys.Drivers, error) {
	ask, err := secrets.passphrases(s)
	if err != nil {
		return keys.Drivers{}, err
	}
	list := driverList(ask, s.secrets)
	host, err := s.plugins(s.config.Offline)
	if err != nil {
		return keys.Drivers{}, err
	}
	if err := checkPluginNames(host, list); err != nil {
		return keys.Drivers{}, err
	}
	return keys.NewDrivers(append(list, host.Drivers()...)...)
}

// notes tells the user what a signer has to say about its key, such as that
// other users can read its file.
func (s *session) notes(signer dsse.Signer) {
	noter, ok := signer.(keys.Noter)
	if !ok {
		return
	}
	for _, note := range noter.Notes() {
		s.ui.Warn("%s", note.Message)
		if note.Hint != "" {
			s.ui.Say("hint: %s", note.Hint)
		}
	}
}
