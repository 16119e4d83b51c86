package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

func newKeysGenerateCommand(a *app) *cobra.Command {
	opts := keysGenerateOptions{}
	cmd := &cobra.Command{
		Use:   "generate -o KEY",
		Short: "generate a key pair, in files or on a device",
		Long: `Generate a key pair. KEY is a path, or a key reference such as pkcs11:token=T
for a key on a device.

For a path the private key goes to KEY, which only its owner can read, the
public key to KEY.pub. The private key is encrypted with a passphrase, which is
asked for on the terminal unless a flag says where it comes from. The format
pkcs8 is PKCS#8 in PEM, which openssl and nearly everything else reads; cosign
is the encrypted form that cosign reads.

A key on a device is made there and never leaves it. Its public half goes to
--public, else beside a KEY that is a file, else to standard output.

With --name the keyring remembers the key, who holds it and how long it signs.`,
		Example: `  stella keys generate -o release.key
  stella keys generate --algorithm ed25519 --passphrase-file pass.txt -o team.key
  stella keys generate --no-passphrase -o build.key --name build --holder build-farm --not-after 365d
  stella keys generate --no-passphrase -o ci.key`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKeysGenerate(cmd.Context(), s, &opts)
		},
	}
	cmd.Annotations = exits(fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type keysGenerateOptions struct {
	output  string
	key     newKeyFlags
	entry   entryFlags
	secrets secretFlags
	fs      *pflag.FlagSet
}

// AddFlags registers the flags.
func (o *keysGenerateOptions) AddFlags(fs *pflag.FlagSet) {
	o.key.AddFlags(fs)
	fs.StringVarP(&o.output, "output", "o", "", "make the private key at `KEY`: a path, or a reference to a device")
	fs.BoolVar(&o.key.force, "force", false, "replace files that exist")
	o.entry.AddFlags(fs)
	o.secrets.AddFlags(fs)
	o.fs = fs
}

func (o *keysGenerateOptions) check(s *session) (keys.Ref, error) {
	if o.output == "" {
		return keys.Ref{}, fault.New(fault.UsageInvalid, "\"stella keys generate\" needs -o KEY").
			WithHint("name the private key's file: -o release.key")
	}
	ref, err := keys.ParseRef(o.output)
	if err != nil {
		return ref, err
	}
	switch {
	case ref.Scheme() == keyring.Scheme:
		return ref, fault.New(fault.UsageInvalid, "the keyring holds no private keys").
			WithHint("say where the key shall be, and how the keyring shall call it: -o KEY --name %s", ref.Name())
	case o.key.noPassphrase && len(o.secrets.given()) > 0:
		return ref, fault.New(fault.UsageInvalid, "--no-passphrase and --%s exclude each other", o.secrets.given()[0])
	}
	if err := o.key.check(ref); err != nil {
		return ref, err
	}
	return ref, o.entry.check(s, o.fs)
}

func runKeysGenerate(ctx context.Context, s *session, o *keysGenerateOptions) error {
	ref, err := o.check(s)
	if err != nil {
		return err
	}
	ask, err := o.secrets.passphrases(s)
	if err != nil {
		return err
	}
	drivers, err := s.drivers(&o.secrets)
	if err != nil {
		return err
	}
	made, err := o.key.make(ctx, s, ref, drivers, ask)
	if err != nil {
		return err
	}
	if err := o.remember(ctx, s, made); err != nil {
		return fault.Wrap(fault.ReasonOf(err), err, "the key is made, and the keyring does not have it").
			WithHint("record it with: stella keys import '%s' --name %s", made.ref, o.entry.name)
	}
	result, err := newKeysGenerateResult(o, ref, made)
	if err != nil {
		return err
	}
	if made.publicFile != "" {
		return s.ui.Show(result)
	}
	s.ui.Out.Verbatim(string(made.publicText))
	return s.ui.ShowAside(result)
}

func (o *keysGenerateOptions) remember(ctx context.Context, s *session, made *madeKey) error {
	if o.entry.name == "" {
		return nil
	}
	e, err := o.entry.entry(s, made.describe(), made.ref)
	if err != nil {
		return err
	}
	return o.entry.record(ctx, s, e, keyring.Generated)
}

type keysGenerateResult struct {
	Key       string `json:"key"`
	PublicKey string `json:"publicKey,omitempty"`
	KeyID     string `json:"keyId"`
	Algorithm string `json:"algorithm"`
	Format    string `json:"format,omitempty"`
	Encrypted bool   `json:"encrypted"`
	Name      string `json:"name,omitempty"`
}

func newKeysGenerateResult(o *keysGenerateOptions, ref keys.Ref, made *madeKey) (*keysGenerateResult, error) {
	id, err := dsse.KeyID(made.public)
	if err != nil {
		return nil, err
	}
	r := &keysGenerateResult{
		Key: made.ref.String(), PublicKey: made.publicFile, KeyID: id, Algorithm: o.key.algorithm.value,
		Format: string(made.format), Encrypted: made.encrypted, Name: o.entry.name,
	}
	if made.format != "" {
		r.Key = ref.Name() // as the user called it
	}
	return r, nil
}

func (r *keysGenerateResult) Text(p *ui.Printer) {
	protection := " (encrypted with the passphrase)"
	switch {
	case r.Format == "":
		protection = ""
	case !r.Encrypted:
		protection = " (not encrypted: whoever has the file can sign)"
	}
	pairs := []ui.Pair{ui.P("private key", ui.T(r.Key+protection))}
	next := "next: sign with --key " + r.Key
	if r.PublicKey != "" {
		pairs = append(pairs, ui.P("public key", ui.T(r.PublicKey)))
		next += ", and give " + r.PublicKey + " to those who verify"
	}
	pairs = append(pairs, ui.P("algorithm", ui.T(r.Algorithm)), ui.P("key id", p.Digest(r.KeyID)))
	if r.Name != "" {
		pairs = append(pairs, ui.P("in keyring", ui.T(r.Name)))
		next = strings.Replace(next, "--key "+r.Key, "--key keyring:"+r.Name, 1)
	}
	p.Pairs(pairs...)
	p.Line(ui.Styled(ui.Faint, next))
}

// words returns a list of a string type as strings.
func words[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
