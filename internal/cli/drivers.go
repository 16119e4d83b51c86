package cli

import (
	"slices"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/file"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

// driverList is every key driver of this build. ask gives passphrases, env
// those that a key reference takes from a variable.
func driverList(ask keys.Passphrases, env *keys.Environment) []keys.Driver {
	return []keys.Driver{
		file.New(ask, env),
	}
}

// schemes lists the schemes of the drivers that hold keys: not that of the
// keyring, which knows where they are held.
func schemes() []string {
	var names []string
	for _, driver := range driverList(nil, nil) {
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
	return s.driversWith(ask)
}

// driversWith returns the drivers with passphrases from ask, and the keyring's
// driver over them.
func (s *session) driversWith(ask keys.Passphrases) (keys.Drivers, error) {
	list := slices.Concat(driverList(ask, s.secrets), s.Drivers)
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

// closeSigner ends what a signer holds open. Its work is done: a failure is
// worth no more than a word.
func closeSigner(s *session, signer dsse.Signer) {
	if err := keys.Close(signer); err != nil {
		s.ui.Detail("failed to close the key: %v", err)
	}
}

func (s *session) showNotes(notes []keys.Note) {
	for _, note := range notes {
		s.ui.Warn("%s", note.Message)
		if note.Hint != "" {
			s.ui.Say("hint: %s", note.Hint)
		}
	}
}
