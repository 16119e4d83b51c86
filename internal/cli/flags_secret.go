package cli

import (
	"bytes"
	"context"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/keys"
)

// secretFlags say where the passphrase of a key comes from. A passphrase
// itself is never a flag: the command line can be read by every user of the
// machine.
type secretFlags struct {
	file string
	env  string
	fs   *pflag.FlagSet
}

// The flags of which one at most is given.
const (
	flagPassphraseFile = "passphrase-file"
	flagPassphraseEnv  = "passphrase-env"
)

// AddFlags registers the flags.
func (f *secretFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&f.file, flagPassphraseFile, "", "read the key's passphrase from `FILE` (also /dev/fd/N)")
	fs.StringVar(&f.env, flagPassphraseEnv, "", "read the key's passphrase from the environment variable `VAR`")
	fs.String(keyAskpass, "", "run `PROGRAM` to ask for the key's passphrase")
	f.fs = fs
}

// given returns the names of the flags that the user gave.
func (f *secretFlags) given() []string {
	var names []string
	for _, name := range []string{flagPassphraseFile, flagPassphraseEnv, keyAskpass} {
		if f.fs.Changed(name) {
			names = append(names, name)
		}
	}
	return names
}

// passphrases returns the source that the flags name, else the configured
// askpass program, else the terminal.
func (f *secretFlags) passphrases(s *session) (keys.Passphrases, error) {
	given := f.given()
	switch {
	case len(given) > 1:
		return nil, fault.New(fault.PassphraseSource, "--%s and --%s both name a source of the passphrase", given[0], given[1]).
			WithHint("give one of them; of several keys each names its own: KEY?passphrase-file=FILE")
	case f.fs.Changed(flagPassphraseFile):
		return keys.PassphraseFile(f.file), nil
	case f.fs.Changed(flagPassphraseEnv):
		return s.secrets.Passphrase(f.env), nil
	case s.config.Askpass != "":
		return twice(keys.PassphraseProgram(s.config.Askpass)), nil
	}
	return prompted(ui.Prompter{Open: s.Terminal}), nil
}

// prompted asks on the terminal.
func prompted(p ui.Prompter) keys.Passphrases {
	return func(ctx context.Context, what keys.Prompt) ([]byte, error) {
		if what.New {
			return p.NewPassphrase(ctx, what.String())
		}
		return p.Passphrase(ctx, what.String())
	}
}

// twice asks a second time for the passphrase of a new key, because a person
// may sit behind an askpass program and a slip would lose the key.
func twice(ask keys.Passphrases) keys.Passphrases {
	return func(ctx context.Context, what keys.Prompt) ([]byte, error) {
		first, err := ask(ctx, what)
		if err != nil || !what.New {
			return first, err
		}
		second, err := ask(ctx, what)
		if err != nil {
			return nil, err
		}
		defer clear(second)
		if !bytes.Equal(first, second) {
			return nil, fault.New(fault.PassphraseSource, "the askpass program gave two different passphrases").
				WithHint("run the command again and give the same passphrase twice")
		}
		return first, nil
	}
}
