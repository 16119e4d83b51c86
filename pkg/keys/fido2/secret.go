package fido2

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// pins returns where the PIN comes from.
func (d *Driver) pins(ref keys.Ref) (keys.Passphrases, error) {
	return d.source(ref, keys.OptionPINFile, keys.OptionPINEnv)
}

// passphrases returns where the passphrase of a file of OpenSSH comes from.
func (d *Driver) passphrases(ref keys.Ref) (keys.Passphrases, error) {
	return d.source(ref, keys.OptionPassphraseFile, keys.OptionPassphraseEnv)
}

// source returns the place that ref names, else the driver's. Two places in one
// reference are refused: which one counts should not be a matter of luck.
func (d *Driver) source(ref keys.Ref, fileOption, envOption string) (keys.Passphrases, error) {
	file, inFile := ref.Option(fileOption)
	variable, inEnv := ref.Option(envOption)
	switch {
	case inFile && inEnv:
		return nil, fault.New(fault.PassphraseSource, "key reference has both %s and %s", fileOption, envOption).
			WithHint("give one of them")
	case inFile:
		return keys.PassphraseFile(file), nil
	case inEnv:
		return d.config.Env.Passphrase(variable), nil
	}
	return d.config.Ask, nil
}
