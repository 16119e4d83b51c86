package cli

import (
	"context"
	"slices"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	envkey "github.com/stellaops/stella/pkg/keys/env"
	"github.com/stellaops/stella/pkg/keys/fido2"
	"github.com/stellaops/stella/pkg/keys/file"
	"github.com/stellaops/stella/pkg/keys/keyring"
	"github.com/stellaops/stella/pkg/keys/pkcs11"
	"github.com/stellaops/stella/pkg/keys/plugin"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

// driverList is every key driver, those that this build lacks included (see
// keys.Absent). ask gives passphrases, env those that a key reference takes
// from a variable, and say asks the user to touch a token.
func driverList(ask keys.Passphrases, env *keys.Environment, config Config, say func(string)) []keys.Driver {
	return []keys.Driver{
		file.New(ask, env),
		envkey.New(ask, env),
		pkcs11.New(pkcs11.Config{Ask: ask, Env: env, Module: config.PKCS11Module}),
		fido2.New(fido2.Config{Ask: ask, Env: env, Say: say, Device: config.FIDO2Device, Backend: fido2Backend()}),
		tpm.New(ask, env, config.TPMDevice),
	}
}

// schemes lists the schemes of the drivers that this build has, those behind
// plugins last: not that of the keyring, which knows where keys are held.
func schemes() ([]string, error) {
	drivers, err := keys.NewDrivers(driverList(nil, nil, Config{}, nil)...)
	return append(drivers.Schemes(), plugin.New(plugin.Options{}).Names()...), err
}

// drivers returns the drivers with passphrases from where secrets says.
func (s *session) drivers(secrets *secretFlags) (keys.Drivers, error) {
	ask, err := secrets.passphrases(s)
	if err != nil {
		return keys.Drivers{}, err
	}
	return s.driversWith(ask)
}

// driversWith returns the drivers with passphrases from ask, and the keyring's
// driver over them.
func (s *session) driversWith(ask keys.Passphrases) (keys.Drivers, error) {
	say := func(message string) { s.ui.Ask("%s", message) }
	list := slices.Concat(driverList(ask, s.secrets, s.config, say), s.Drivers)
	host, err := s.plugins(s.config.Offline)
	if err != nil {
		return keys.Drivers{}, err
	}
	if err := checkPluginNames(host, list); err != nil {
		return keys.Drivers{}, err
	}
	list = append(list, host.Drivers()...)
	others, err := keys.NewDrivers(list...)
	if err != nil {
		return keys.Drivers{}, err
	}
	return keys.NewDrivers(append(list, keyring.NewDriver(s.keyring(), others, s.Now))...)
}

// notes tells the user what a signer has to say about its key, such as that
// other users can read its file.
func (s *session) notes(signer dsse.Signer) {
	if noter, ok := signer.(keys.Noter); ok {
		s.showNotes(noter.Notes())
	}
}

// closeKeys ends what the opened keys hold. Their work is done: a failure is worth
// no more than a word.
func (s *session) closeKeys() {
	for _, signer := range slices.Backward(s.held) {
		if err := keys.Close(signer); err != nil {
			s.ui.Detail("failed to close the key: %v", err)
		}
	}
	s.held = nil
}

// openKey opens a key until the command ends, and shows what there is to say
// about it.
func (s *session) openKey(ctx context.Context, drivers keys.Drivers, ref keys.Ref) (dsse.Signer, error) {
	signer, err := drivers.Open(ctx, ref)
	if err != nil {
		return nil, err
	}
	s.held = append(s.held, signer)
	s.notes(signer)
	return signer, nil
}

func (s *session) showNotes(notes []keys.Note) {
	for _, note := range notes {
		s.ui.Warn("%s", note.Message)
		if note.Hint != "" {
			s.ui.Say("hint: %s", note.Hint)
		}
	}
}
