package cli

import (
	"context"
	"crypto"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

func newKeysExportCommand(a *app) *cobra.Command {
	opts := keysExportOptions{}
	cmd := &cobra.Command{
		Use:   "export --public KEY",
		Short: "write the public key of a key",
		Long: `Write the public half of KEY as PEM (SubjectPublicKeyInfo), which stella,
openssl and cosign read. KEY is a key reference, or a file with one public key
or certificate in another form.`,
		Example: `  stella keys export --public ci.key
  stella keys export --public ci.key -o ci.pem`,
		Args: wantArgs("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKeysExport(cmd.Context(), s, opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	opts.AddFlags(cmd)
	return cmd
}

type keysExportOptions struct {
	public  bool
	output  outputFlags
	secrets secretFlags
}

// AddFlags registers the flags.
func (o *keysExportOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.public, "public", false, "export the public key (must be said)")
	o.output.AddFlags(cmd.Flags())
	o.secrets.AddFlags(cmd.Flags())
}

func runKeysExport(ctx context.Context, s *session, opts keysExportOptions, key string) error {
	if !opts.public {
		return fault.New(fault.UsageInvalid, "a private key is never exported").
			WithHint("say --public to export its public half")
	}
	ref, err := keys.ParseRef(key)
	if err != nil {
		return err
	}
	out, err := opts.output.create(ctx, s, ref.Name())
	if err != nil {
		return err
	}
	defer out.Abort()
	public, err := publicHalf(ctx, s, &opts.secrets, ref)
	if err != nil {
		return err
	}
	text, err := keys.MarshalPublic(public)
	if err != nil {
		return err
	}
	if _, err := out.Write(text); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	return opts.output.announce(s, public)
}

// announce names the exported key, unless it went to standard output, where it
// is the result itself.
func (f *outputFlags) announce(s *session, public crypto.PublicKey) error {
	if f.onStdout() {
		return nil
	}
	id, err := dsse.KeyID(public)
	if err != nil {
		return err
	}
	return s.ui.Show(keysExportResult{PublicKey: f.path, KeyID: id})
}

func publicHalf(ctx context.Context, s *session, secrets *secretFlags, ref keys.Ref) (crypto.PublicKey, error) {
	drivers, err := s.drivers(secrets)
	if err != nil {
		return nil, err
	}
	signer, err := drivers.Open(ctx, ref)
	if err == nil {
		s.notes(signer)
		return signer.Public(), nil
	}
	if fault.ReasonOf(err) != fault.KeyPublic {
		return nil, err
	}
	trust, err := keys.LoadTrust(ref.Name())
	if err != nil {
		return nil, err
	}
	if n := len(trust.Keys()); n != 1 {
		return nil, fault.New(fault.UsageInvalid, "%q holds %d keys, and one can be exported", ref.Name(), n)
	}
	return trust.Keys()[0].Public, nil
}

type keysExportResult struct {
	PublicKey string `json:"publicKey"`
	KeyID     string `json:"keyId"`
}

func (r keysExportResult) Text(p *ui.Printer) {
	p.Pairs(ui.P("public key", ui.T(r.PublicKey)), ui.P("key id", p.Digest(r.KeyID)))
}
