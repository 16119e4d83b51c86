package cli

import (
	"bytes"
	"context"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/keys"
)

// secretFlags say where the passphrase or the PIN of a key comes from. A secret
// itself is never a flag: the command line can be read by every user of the
// machine.
type secretFlags struct {
	file    string
	env     string
	pinFile string
	pinEnv  string
	fs      *pflag.FlagSet
}

// The flags of which one at most is given: a command asks for one secret.
const (
	flagPassphraseFile = "passphrase-file"
	flagPassphraseEnv  = "passphrase-env"
	flagPINFile        = "pin-file"
	flagPINEnv         = "pin-env"
)

// AddFlags registers the flags.
func (f *secretFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&f.file, flagPassphraseFile, "", "read the key's passphrase from `FILE` (also /dev/fd/N)")
	fs.StringVar(&f.env, flagPassphraseEnv, "", "read the key's passphrase from the environment variable `VAR`")
	fs.StringVar(&f.pinFile, flagPINFile, "", "read the token's PIN from `FILE` (also /dev/fd/N)")
	fs.StringVar(&f.pinEnv, flagPINEnv, "", "read the token's PIN from the environment variable `VAR`")
	addAskpass(fs)
	f.fs = fs
}

func addAskpass(fs *pflag.FlagSet) {
	fs.String(keyAskpass, "", "run `PROGRAM` to ask for the key's passphrase or PIN")
}

// given returns the names of the flags that the user gave.
func (f *secretFlags) given() []string {
	var names []string
	for _, name := range []string{flagPassphraseFile, flagPassphraseEnv, flagPINFile, flagPINEnv, keyAskpass} {
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
		return nil, fault.New(fault.PassphraseSource, "--%s and --%s both name a source of the secret", given[0], given[1]).
			WithHint("give one of them; of several keys each names its own: KEY?passphrase-file=FILE")
	case f.fs.Changed(flagPassphraseFile):
		return only(keys.Passphrase, keys.PassphraseFile(f.file)), nil
	case f.fs.Changed(flagPassphraseEnv):
		return only(keys.Passphrase, s.secrets.Passphrase(f.env)), nil
	case f.fs.Changed(flagPINFile):
		return only(keys.PIN, keys.PassphraseFile(f.pinFile)), nil
	case f.fs.Changed(flagPINEnv):
		return only(keys.PIN, s.secrets.Passphrase(f.pinEnv)), nil
	}
	return s.person(), nil
}

// person returns the source that asks a person: the configured askpass program,
// else the terminal.
func (s *session) person() keys.Passphrases {
	if s.config.Askpass != "" {
		return twice(keys.PassphraseProgram(s.config.Askpass))
	}
	return prompted(s.Terminal)
}

// only refuses to give a secret of one kind where another is wanted: a
// passphrase sent to a token would cost one of its tries.
func only(kind keys.SecretKind, ask keys.Passphrases) keys.Passphrases {
	return func(ctx context.Context, what keys.Prompt) ([]byte, error) {
		if what.Kind == kind {
			return ask(ctx, what)
		}
		reason, flag := fault.PassphraseRequired, flagPassphraseFile
		if what.Kind == keys.PIN {
			reason, flag = fault.PINRequired, flagPINFile
		}
		return nil, fault.New(reason, "%q needs a %s, and the flags give a %s", what.Key, what.Kind, kind).
			WithHint("give it with --%s FILE", flag)
	}
}

// prompted asks on the terminal.
func prompted(open func() (ui.Terminal, error)) keys.Passphrases {
	return func(ctx context.Context, what keys.Prompt) ([]byte, error) {
		p := ui.Prompter{Open: open, Secret: what.Kind.String()}
		ask := p.Passphrase
		if what.New {
			ask = p.NewPassphrase
		}
		secret, err := ask(ctx, what.String())
		if what.Kind == keys.PIN && fault.ReasonOf(err) == fault.PassphraseRequired {
			hint := strings.ReplaceAll(fault.HintOf(err), "--passphrase-", "--pin-")
			err = fault.Wrap(fault.PINRequired, err, "").WithHint("%s", hint)
		}
		return secret, err
	}
}

// twice asks a second time for a new passphrase or PIN, because a person may sit
// behind an askpass program and a slip would lose the key.
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
			return nil, fault.New(fault.PassphraseSource, "the askpass program gave two different %ss", what.Kind).
				WithHint("run the command again and give the same %s twice", what.Kind)
		}
		return first, nil
	}
}
