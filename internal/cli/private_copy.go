package cli

import (
	"context"
	"crypto"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

// privateCopyFlags say how a copy of a private key is written.
type privateCopyFlags struct {
	format        *choice
	newPassphrase string
	noPassphrase  bool
	fs            *pflag.FlagSet
}

// AddFlags registers the flags.
func (f *privateCopyFlags) AddFlags(fs *pflag.FlagSet) {
	f.format = newChoice(keyFormatPKCS8, keyFormatPKCS8, keyFormatCosign)
	fs.Var(f.format, "key-format", "format of the private key: `pkcs8|cosign`")
	fs.StringVar(&f.newPassphrase, "new-passphrase-file", "", "read the passphrase of the copy from `FILE` (also /dev/fd/N)")
	fs.BoolVar(&f.noPassphrase, "no-passphrase", false, "leave a private key unencrypted that is not encrypted now")
	f.fs = fs
}

func (f *privateCopyFlags) given() bool {
	return f.fs.Changed("key-format") || f.newPassphrase != "" || f.noPassphrase
}

func (f *privateCopyFlags) check() error {
	switch {
	case f.noPassphrase && f.newPassphrase != "":
		return fault.New(fault.UsageInvalid, "--no-passphrase and --new-passphrase-file exclude each other")
	case f.noPassphrase && f.format.value == keyFormatCosign:
		return fault.New(fault.UsageInvalid, "a key in the format of cosign is always encrypted").
			WithHint("leave out --no-passphrase, or say --key-format pkcs8")
	}
	return nil
}

// exportPrivate writes a copy of a private key file, readable by its owner only.
func (o *keysExportOptions) exportPrivate(ctx context.Context, s *session, ref keys.Ref) error {
	if err := o.copied.check(); err != nil {
		return err
	}
	if o.output.onStdout() {
		return fault.New(fault.UsageInvalid, "a private key goes to a file that only its owner can read").
			WithHint("name it: -o FILE")
	}
	ref, err := privateFile(s, ref)
	if err != nil {
		return err
	}
	opts := atomicfile.Options{Mode: 0o600, Force: o.output.force, Inputs: []string{ref.Name()}}
	if err := atomicfile.Check(o.output.path, opts); err != nil {
		return err
	}
	key, format, err := o.readPrivate(ctx, s, ref)
	if err != nil {
		return err
	}
	text, written, err := o.copied.encode(ctx, s, key, format, o.output.path)
	if err != nil {
		return err
	}
	defer clear(text)
	if err := atomicfile.WriteFile(ctx, o.output.path, text, opts); err != nil {
		return err
	}
	id, err := dsse.KeyID(key.Public())
	if err != nil {
		return err
	}
	return s.ui.Show(privateCopyResult{o.output.path, id, string(written), written.Encrypted()})
}

// privateFile returns the reference of the file that holds a private key.
func privateFile(s *session, ref keys.Ref) (keys.Ref, error) {
	if ref.Scheme() == keyring.Scheme {
		entry, err := s.findInKeyring(ref.Name())
		if err != nil {
			return ref, err
		}
		if !entry.HasReference() {
			return ref, fault.New(fault.KeyVerifyOnly, "the keyring has only the public half of %q", ref.Name())
		}
		ref = entry.Reference
	}
	if ref.Scheme() != keys.FileScheme {
		return ref, fault.New(fault.UsageInvalid, "a private key of scheme %q stays in the place that holds it", ref.Scheme()).
			WithHint("export its public half: --public")
	}
	return ref, nil
}

// readPrivate reads a private key file as the file driver does.
func (o *keysExportOptions) readPrivate(ctx context.Context, s *session, ref keys.Ref) (crypto.Signer, keys.Format, error) {
	ask, err := o.secrets.passphrases(s)
	if err != nil {
		return nil, "", err
	}
	text, err := readKeyFile(s, ref.Name())
	if err != nil {
		return nil, "", err
	}
	defer clear(text)
	key, format, err := keys.ParsePrivate(text, func() ([]byte, error) {
		return sourceIn(s, ref, ask)(ctx, keys.Prompt{Key: ref.Name()})
	})
	if err != nil {
		return nil, "", fault.Wrap(fault.ReasonOf(err), err, "%q", ref.Name()).With("path", ref.Name())
	}
	return key, format, nil
}

// sourceIn returns the source of the passphrase that a reference names, else
// ask.
func sourceIn(s *session, ref keys.Ref, ask keys.Passphrases) keys.Passphrases {
	if path, given := ref.Option(keys.OptionPassphraseFile); given {
		return keys.PassphraseFile(path)
	}
	if name, given := ref.Option(keys.OptionPassphraseEnv); given {
		return s.secrets.Passphrase(name)
	}
	return ask
}

// encode writes the key in its new form.
func (f *privateCopyFlags) encode(ctx context.Context, s *session, key crypto.Signer, was keys.Format, path string) ([]byte, keys.Format, error) {
	if f.noPassphrase {
		if was.Encrypted() {
			return nil, "", fault.New(fault.UsageInvalid, "the key is encrypted, and its copy will be, too").
				WithHint("leave out --no-passphrase")
		}
		text, err := keys.MarshalPrivate(key, keys.FormatPKCS8, nil)
		return text, keys.FormatPKCS8, err
	}
	ask := s.person()
	if f.newPassphrase != "" {
		ask = keys.PassphraseFile(f.newPassphrase)
	}
	passphrase, err := ask(ctx, keys.Prompt{Key: path, New: true})
	if fault.ReasonOf(err) == fault.PassphraseRequired {
		err = fault.Wrap(fault.PassphraseRequired, err, "").WithHint("give the passphrase of the copy with --new-passphrase-file FILE")
	}
	if err != nil {
		return nil, "", err
	}
	defer clear(passphrase)
	format := keys.FormatPKCS8Encrypted
	if f.format.value == keyFormatCosign {
		format = keys.FormatCosign
	}
	text, err := keys.MarshalPrivate(key, format, passphrase)
	return text, format, err
}

type privateCopyResult struct {
	Key       string `json:"key"`
	KeyID     string `json:"keyId"`
	Format    string `json:"format"`
	Encrypted bool   `json:"encrypted"`
}

// Text implements ui.Result.
func (r privateCopyResult) Text(p *ui.Printer) {
	protection := "encrypted with the new passphrase"
	if !r.Encrypted {
		protection = "not encrypted: whoever has the file can sign"
	}
	p.Pairs(ui.P("private key", ui.T(r.Key+" ("+protection+")")), ui.P("key id", p.Digest(r.KeyID)))
}
