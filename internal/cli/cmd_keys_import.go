package cli

import (
	"context"
	"crypto/x509"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

func newKeysImportCommand(a *app) *cobra.Command {
	opts := keysImportOptions{}
	cmd := &cobra.Command{
		Use:   "import KEY --name NAME",
		Short: "record an existing key in the keyring",
		Long: `Record KEY in the keyring as NAME. KEY is

  a private key file  PKCS#8, SEC1, PKCS#1, OpenSSH or cosign
  a reference         a key on a device, such as pkcs11:token=T;object=K
  a public key        to verify with only
  PEM certificates    the key's own, then its issuers; to verify with only

A private key stays where it is: the keyring remembers the place, after the key
was opened once to prove that its halves belong together. --certificate adds the
certificates of a private key.`,
		Example: `  stella keys import release.key --passphrase-file pass.txt --name release
  stella keys import ci.key.pub --name ci-public --holder ci --not-after 365d`,
		Args:              wantArgs("KEY"),
		ValidArgsFunction: a.completeKey,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKeysImport(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type keysImportOptions struct {
	certificate string
	entry       entryFlags
	secrets     secretFlags
	fs          *pflag.FlagSet
}

// AddFlags registers the flags.
func (o *keysImportOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.certificate, "certificate", "", "the key's certificate and its issuers, as PEM in `FILE`")
	o.entry.AddFlags(fs)
	o.secrets.AddFlags(fs)
	o.fs = fs
}

func runKeysImport(ctx context.Context, s *session, o *keysImportOptions, key string) error {
	if o.entry.name == "" {
		return fault.New(fault.UsageInvalid, "the key needs a name in the keyring").WithHint("say it: --name NAME")
	}
	ref, err := keys.ParseRef(key)
	if err != nil {
		return err
	}
	if ref.Scheme() == keyring.Scheme {
		return fault.New(fault.UsageInvalid, "%q is in the keyring already", ref)
	}
	if err := o.entry.check(s, o.fs); err != nil {
		return err
	}
	e, err := o.read(ctx, s, ref)
	if err != nil {
		return err
	}
	if o.certificate != "" {
		if err := o.addChain(s, e); err != nil {
			return err
		}
	}
	if err := o.entry.record(ctx, s, e, keyring.Imported); err != nil {
		return err
	}
	return s.ui.Show(newKeysImportResult(e, s))
}

// read finds out what KEY is: a public key if its file holds one, else one to
// open.
func (o *keysImportOptions) read(ctx context.Context, s *session, ref keys.Ref) (*keyring.Entry, error) {
	if ref.Scheme() != keys.FileScheme {
		return o.open(ctx, s, ref)
	}
	text, err := readPublicFile(s, ref.Name())
	if err != nil {
		return nil, err
	}
	defer clear(text) // it may hold a private key
	if chain, err := keys.ParseChain(text); err == nil {
		return o.certified(s, chain)
	}
	public, err := keys.ParsePublic(text)
	switch {
	case fault.ReasonOf(err) == fault.KeyPrivate:
		return o.open(ctx, s, ref)
	case err != nil:
		return nil, fault.Wrap(fault.ReasonOf(err), err, "%q", ref.Name()).With("path", ref.Name())
	case len(public) != 1:
		return nil, fault.New(fault.UsageInvalid, "%q holds %d keys, and one is imported at a time", ref.Name(), len(public))
	}
	return o.entry.entry(s, keys.TrustedKey{Public: public[0].Key}, keys.Ref{})
}

func readPublicFile(s *session, path string) ([]byte, error) {
	f, err := input.Open(path, s.Stdin, keys.MaxPublicFileSize)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadAll()
}

// open opens the private key where it is held.
func (o *keysImportOptions) open(ctx context.Context, s *session, ref keys.Ref) (*keyring.Entry, error) {
	drivers, err := s.drivers(&o.secrets)
	if err != nil {
		return nil, err
	}
	signer, err := s.openKey(ctx, drivers, ref)
	if err != nil {
		return nil, err
	}
	if ref, err = anywhere(ref); err != nil {
		return nil, err
	}
	return o.entry.entry(s, keys.Describe(signer), ref)
}

func (o *keysImportOptions) certified(s *session, chain []*x509.Certificate) (*keyring.Entry, error) {
	e, err := o.entry.entry(s, keys.TrustedKey{Public: chain[0].PublicKey}, keys.Ref{})
	if err != nil {
		return nil, err
	}
	setChain(e, chain)
	if o.entry.holder == "" {
		e.Key.Holder = certificateHolder(chain[0], e.Key.Holder)
	}
	return e, nil
}

// certificateHolder is the holder that a certificate names, unless that is
// longer than the keyring takes.
func certificateHolder(cert *x509.Certificate, otherwise string) string {
	const most = 256
	if holder := keys.CertificateHolder(cert); len(holder) <= most {
		return holder
	}
	return otherwise
}

// setChain keeps a chain, and bounds the key's window by its certificate's where
// nothing else does.
func setChain(e *keyring.Entry, chain []*x509.Certificate) {
	for _, cert := range chain {
		e.Certificates = append(e.Certificates, cert.Raw)
	}
	if e.Key.NotBefore.IsZero() {
		e.Key.NotBefore = chain[0].NotBefore.UTC()
	}
	if e.Key.NotAfter.IsZero() {
		e.Key.NotAfter = chain[0].NotAfter.UTC()
	}
}

func (o *keysImportOptions) addChain(s *session, e *keyring.Entry) error {
	if len(e.Certificates) > 0 {
		return fault.New(fault.UsageInvalid, "the key is a certificate, and --certificate names another")
	}
	text, err := readPublicFile(s, o.certificate)
	if err != nil {
		return err
	}
	chain, err := keys.ParseChain(text)
	if err != nil {
		return fault.Wrap(fault.ReasonOf(err), err, "%q", o.certificate).With("path", o.certificate)
	}
	if !keys.Equal(chain[0].PublicKey, e.Key.Public) {
		return fault.New(fault.UsageInvalid, "the first certificate of %q is of another key", o.certificate).
			WithHint("name the file whose first certificate is the key's own")
	}
	setChain(e, chain)
	return nil
}

type keysImportResult struct {
	Name      string        `json:"name"`
	KeyID     string        `json:"keyId"`
	Algorithm string        `json:"algorithm"`
	State     keyring.State `json:"state"`
	Reference string        `json:"reference,omitempty"`
	Keyring   string        `json:"keyring"`
	Chain     int           `json:"certificates"`
}

func newKeysImportResult(e *keyring.Entry, s *session) *keysImportResult {
	id, _ := dsse.KeyID(e.Key.Public) // has one: it is in the keyring
	r := &keysImportResult{
		Name: e.Key.Name, KeyID: id, Algorithm: string(e.Key.Algorithm), State: e.State,
		Keyring: s.keyring().Dir(), Chain: len(e.Certificates),
	}
	if e.HasReference() {
		r.Reference = e.Reference.String()
	}
	return r
}

// Text implements ui.Result.
func (r *keysImportResult) Text(p *ui.Printer) {
	pairs := []ui.Pair{
		ui.P("in keyring", ui.T(r.Name)), ui.P("key id", p.Digest(r.KeyID)), ui.P("algorithm", ui.T(r.Algorithm)),
		ui.P("state", ui.T(string(r.State))),
	}
	next := "next: sign with --key keyring:" + r.Name
	if r.Reference != "" {
		pairs = append(pairs, ui.P("where", ui.T(r.Reference)))
	} else {
		next = "next: verify with --key keyring:" + r.Name
	}
	if r.Chain > 0 {
		pairs = append(pairs, ui.P("certificates", ui.T(fmt.Sprint(r.Chain))))
	}
	p.Pairs(pairs...)
	p.Line(ui.Styled(ui.Faint, next))
}
