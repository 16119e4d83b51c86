package cli

import (
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2"
	"github.com/stellaops/stella/pkg/keys/file"
)

// driverList is every key driver of this build. ask gives passphrases, env
// those that a key reference takes from a variable, and say tells the user to
// touch a token.
func driverList(ask keys.Passphrases, env *keys.Environment, config Config, say func(string)) []keys.Driver {
	return []keys.Driver{
		file.New(ask, env),
		fido2.New(fido2.Config{Ask: ask, Env: env, Say: say, Device: config.FIDO2Device}),
	}
}

// schemes lists the schemes of the drivers.
func schemes() []string {
	var names []string
	for _, driver := range driverList(nil, nil, Config{}, nil) {
		names = append(names, driver.Scheme())
	}
	return names
}

// drivers returns the drivers with passphrases from where secrets says.
func (s *session) drivers(secrets *secretFlags) (keys.Drivers, error) {
	ask, err := secrets.passphrases(s)
	if err != nil {
		return keys.Drivers{}, err
	}
	say := func(message string) { s.ui.Say("%s", message) }
	return keys.NewDrivers(driverList(ask, s.secrets, s.config, say)...)
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
