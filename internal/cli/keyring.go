package cli

import (
	"crypto"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

// addKeyring registers --keyring, once for flag groups that both have it.
func addKeyring(fs *pflag.FlagSet) {
	if fs.Lookup(keyKeyring) == nil {
		fs.String(keyKeyring, "", "use the keyring in `DIR` instead of the user's own")
	}
}

// keyring returns the keyring that is configured, which must be there, else the
// user's own, which need not.
func (s *session) keyring() *keyring.Keyring { return s.openKeyring(true) }

// keyringToFill is keyring for commands that add a key: what is not there is
// made with the first one.
func (s *session) keyringToFill() *keyring.Keyring { return s.openKeyring(false) }

func (s *session) openKeyring(mustExist bool) *keyring.Keyring {
	if s.config.Keyring != "" {
		return keyring.New(s.config.Keyring, keyring.Options{MustExist: mustExist})
	}
	return keyring.New(s.dataPath(keyringName), keyring.Options{})
}

// judge refuses a key that the keyring knows as one that must not sign now,
// however it was named.
func (s *session) judge(pub crypto.PublicKey) error {
	contents, err := s.keyring().Read()
	if err != nil {
		return err
	}
	return contents.Judge(pub, s.Now())
}

// inKeyring returns the name of the key if text is a reference to the keyring.
func inKeyring(text string) (name string, found bool) {
	return strings.CutPrefix(text, keyring.Scheme+":")
}

// bareName returns the name of a key that a command takes from the keyring
// alone, with or without the scheme.
func bareName(text string) string {
	name, _ := inKeyring(text)
	return name
}

// findInKeyring returns what the keyring knows about a key.
func (s *session) findInKeyring(name string) (*keyring.Entry, error) {
	contents, err := s.keyring().Read()
	if err != nil {
		return nil, err
	}
	return contents.Find(name)
}

// loadTrust reads trust from files, directories and the keyring.
func (s *session) loadTrust(paths []string) (*keys.Trust, error) {
	var files []string
	var known []keys.TrustedKey
	for _, path := range paths {
		name, found := inKeyring(path)
		if !found {
			files = append(files, path)
			continue
		}
		entry, err := s.findInKeyring(name)
		if err != nil {
			return nil, err
		}
		known = append(known, entry.Trusted())
	}
	if len(files) == 0 {
		return keys.NewTrust(known...)
	}
	trust, err := keys.LoadTrust(files...)
	if err != nil || len(known) == 0 {
		return trust, err
	}
	return trust.With(known...)
}
