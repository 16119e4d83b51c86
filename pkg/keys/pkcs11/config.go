package pkcs11

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// Scheme is the scheme of PKCS #11 references.
const Scheme = "pkcs11"

// Config is what a driver gets from its program.
type Config struct {
	// Ask gives the PIN of a token whose reference names no source of it.
	Ask keys.Passphrases
	// Env gives the PIN of a reference that names a variable.
	Env *keys.Environment
	// Module is the absolute path of the module for references that name none.
	// Empty means that the usual places are searched.
	Module string
}

// pinSource returns where the PIN comes from. Two places in one reference are
// refused: which one counts should not be a matter of luck.
func (c Config) pinSource(u URI) (keys.Passphrases, error) {
	var sources []keys.Passphrases
	if u.PINSource != "" {
		path, err := pinFile(u.PINSource)
		if err != nil {
			return nil, err
		}
		sources = append(sources, keys.PassphraseFile(path))
	}
	if u.PINFile != "" {
		sources = append(sources, keys.PassphraseFile(u.PINFile))
	}
	if u.PINEnv != "" {
		sources = append(sources, c.Env.Passphrase(u.PINEnv))
	}
	switch len(sources) {
	case 0:
		return c.Ask, nil
	case 1:
		return sources[0], nil
	}
	return nil, fault.New(fault.PassphraseSource, "key reference names several sources of the PIN").
		WithHint("keep one of pin-source, pin-file and pin-env")
}
