package cli

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// pinFlags say where one of several PINs comes from. Like every secret it is never
// a flag itself.
type pinFlags struct {
	name      string // begins the flags' names
	file, env string
	fs        *pflag.FlagSet
}

// AddFlags registers --NAME-file and --NAME-env for what is called meaning.
func (f *pinFlags) AddFlags(fs *pflag.FlagSet, name, meaning string) {
	fs.StringVar(&f.file, name+"-file", "", "read the "+meaning+" from `FILE` (also /dev/fd/N)")
	fs.StringVar(&f.env, name+"-env", "", "read the "+meaning+" from the environment variable `VAR`")
	f.name, f.fs = name, fs
}

// source returns the place that the flags name, else the person.
func (f *pinFlags) source(s *session) (keys.Passphrases, error) {
	if f.fs == nil {
		return keys.NoPassphrases, nil // the command has no such PIN
	}
	inFile, inEnv := f.fs.Changed(f.name+"-file"), f.fs.Changed(f.name+"-env")
	switch {
	case inFile && inEnv:
		return nil, fault.New(fault.PassphraseSource, "--%s-file and --%[1]s-env both name a source of the PIN", f.name).WithHint("give one of them")
	case inFile:
		return keys.PassphraseFile(f.file), nil
	case inEnv:
		return s.secrets.Passphrase(f.env), nil
	}
	return f.asking(s.person()), nil
}

// asking makes a hint about the flags for a PIN one about these.
func (f *pinFlags) asking(ask keys.Passphrases) keys.Passphrases {
	return func(ctx context.Context, what keys.Prompt) ([]byte, error) {
		secret, err := ask(ctx, what)
		if fault.ReasonOf(err) == fault.PINRequired {
			err = fault.Wrap(fault.PINRequired, err, "").WithHint("%s", strings.ReplaceAll(fault.HintOf(err), "--pin-", "--"+f.name+"-"))
		}
		return secret, err
	}
}
