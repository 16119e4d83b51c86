package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/file"
)

func newKeysGenerateCommand(a *app) *cobra.Command {
	opts := keysGenerateOptions{
		algorithm: newChoice(string(keys.Algorithms()[0]), words(keys.Algorithms())...),
		format:    newChoice(keyFormatPKCS8, keyFormatPKCS8, keyFormatCosign),
	}
	cmd := &cobra.Command{
		Use:   "generate -o KEY",
		Short: "generate a key pair in two files",
		Long: `Generate a key pair. The private key goes to KEY, which only its owner can
read, the public key to KEY.pub. The private key is encrypted with a passphrase,
which is asked for on the terminal unless a flag says where it comes from.

The format pkcs8 is PKCS#8 in PEM, which openssl and nearly everything else
reads; cosign is the encrypted form that cosign reads.`,
		Example: `  stella keys generate -o release.key
  stella keys generate --algorithm ed25519 --passphrase-file pass.txt -o team.key
  stella keys generate --no-passphrase -o ci.key`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKeysGenerate(cmd.Context(), s, opts)
		},
	}
	opts.AddFlags(cmd)
	return cmd
}

// The formats of a new private key.
const (
	keyFormatPKCS8  = "pkcs8"
	keyFormatCosign = "cosign"
)

type keysGenerateOptions struct {
	algorithm    *choice
	format       *choice
	path         string
	noPassphrase bool
	force        bool
	secrets      secretFlags
}

// AddFlags registers the flags.
func (o *keysGenerateOptions) AddFlags(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.Var(o.algorithm, "algorithm", "one of `ALGORITHM`: "+strings.Join(o.algorithm.allowed, ", "))
	fs.Var(o.format, "key-format", "format of the private key: `pkcs8|cosign`")
	fs.StringVarP(&o.path, "output", "o", "", "write the private key to `KEY` and the public key to KEY.pub")
	fs.BoolVar(&o.force, "force", false, "replace files that exist")
	fs.BoolVar(&o.noPassphrase, "no-passphrase", false, "leave the private key unencrypted: whoever has the file can sign")
	o.secrets.AddFlags(fs)
}

func (o *keysGenerateOptions) check() error {
	switch {
	case o.path == "":
		return fault.New(fault.UsageInvalid, "\"stella keys generate\" needs -o KEY").
			WithHint("name the private key's file: -o release.key")
	case o.path == "-":
		return fault.New(fault.UsageInvalid, "a key pair is two files and cannot go to standard output").
			WithHint("name the private key's file: -o release.key")
	case o.noPassphrase && len(o.secrets.given()) > 0:
		return fault.New(fault.UsageInvalid, "--no-passphrase and --%s exclude each other", o.secrets.given()[0])
	case o.noPassphrase && o.format.value == keyFormatCosign:
		return fault.New(fault.UsageInvalid, "a key in the format of cosign is always encrypted").
			WithHint("leave out --no-passphrase, or say --key-format pkcs8")
	}
	existing := atomicfile.Options{Force: o.force}
	if err := atomicfile.Check(o.path, existing); err != nil {
		return err
	}
	return atomicfile.Check(o.path+".pub", existing)
}

func runKeysGenerate(ctx context.Context, s *session, opts keysGenerateOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	algorithm := keys.Algorithm(opts.algorithm.value)
	if err := s.config.Profile.Generate(algorithm); err != nil {
		return err
	}
	create := file.CreateOptions{
		Format:            opts.fileFormat(),
		UnencryptedUnsafe: opts.noPassphrase,
		Force:             opts.force,
	}
	if !opts.noPassphrase {
		ask, err := opts.secrets.passphrases(s)
		if err != nil {
			return err
		}
		if create.Passphrase, err = ask(ctx, keys.Prompt{Key: opts.path, New: true}); err != nil {
			return hintNoPassphrase(err)
		}
		defer clear(create.Passphrase)
	}
	key, err := keys.Generate(algorithm)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // RSA takes its time
	}
	if err := file.Create(ctx, opts.path, key, create); err != nil {
		return err
	}
	id, err := dsse.KeyID(key.Public())
	if err != nil {
		return err
	}
	return s.ui.Show(keysGenerateResult{
		Key:       opts.path,
		PublicKey: opts.path + ".pub",
		KeyID:     id,
		Algorithm: opts.algorithm.value,
		Format:    string(create.Format),
		Encrypted: !opts.noPassphrase,
	})
}

// hintNoPassphrase adds the choice that only a new key has.
func hintNoPassphrase(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Reason == fault.PassphraseRequired && f.Hint != "" &&
		!strings.Contains(f.Hint, "--no-passphrase") {
		return f.WithHint("%s, or say --no-passphrase for an unencrypted key", f.Hint)
	}
	return err
}

func (o *keysGenerateOptions) fileFormat() keys.Format {
	switch {
	case o.format.value == keyFormatCosign:
		return keys.FormatCosign
	case o.noPassphrase:
		return keys.FormatPKCS8
	}
	return keys.FormatPKCS8Encrypted
}

type keysGenerateResult struct {
	Key       string `json:"key"`
	PublicKey string `json:"publicKey"`
	KeyID     string `json:"keyId"`
	Algorithm string `json:"algorithm"`
	Format    string `json:"format"`
	Encrypted bool   `json:"encrypted"`
}

func (r keysGenerateResult) Text(p *ui.Printer) {
	protection := "encrypted with the passphrase"
	if !r.Encrypted {
		protection = "not encrypted: whoever has the file can sign"
	}
	p.Pairs(
		ui.P("private key", ui.T(r.Key+" ("+protection+")")),
		ui.P("public key", ui.T(r.PublicKey)),
		ui.P("algorithm", ui.T(r.Algorithm)),
		ui.P("key id", p.Digest(r.KeyID)),
	)
	p.Line(ui.Styled(ui.Faint, "next: sign with --key "+r.Key+", and give "+r.PublicKey+" to those who verify"))
}

// words returns a list of a string type as strings.
func words[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
