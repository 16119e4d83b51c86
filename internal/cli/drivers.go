package cli

import (
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	envkey "github.com/stellaops/stella/pkg/keys/env"
	"github.com/stellaops/stella/pkg/keys/file"
	"github.com/stellaops/stella/pkg/keys/pkcs11"
	"github.com/stellaops/stella/pkg/keys/plugin"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

// driverList is every key driver, those that this build lacks included (see
// keys.Absent). ask gives passphrases, env those that a key reference takes
// from a variable.
func driverList(ask keys.Passphrases, env *keys.Environment, config Config) []keys.Driver {
	return []keys.Driver{
		file.New(ask, env),
		envkey.New(ask, env),
		pkcs11.New(pkcs11.Config{Ask: ask, Env: env, Module: config.PKCS11Module}),
		tpm.New(ask, env, config.TPMDevice),
	}
}

// schemes lists the schemes of the drivers that this build has, those behind
// plugins last.
func schemes() ([]string, error) {
	drivers, err := keys.NewDrivers(driverList(nil, nil, Config{})...)
	return append(drivers.Schemes(), plugin.New(plugin.Options{}).Names()...), err
}

// drivers returns the drivers with passphrases from where secrets says.
func (s *session) drivers(secrets *secretFlags) (keys.Drivers, error) {
	ask, err := secrets.passphrases(s)
	if err != nil {
		return keys.Drivers{}, err
	}
	list := driverList(ask, s.secrets, s.config)
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
