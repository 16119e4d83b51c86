package cli

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

func newKeysAttestCommand(a *app) *cobra.Command {
	opts := keysAttestOptions{}
	cmd := &cobra.Command{
		Use:   "attest NAME",
		Short: "keep a device's statement that it holds a key",
		Long: `Ask the device that holds the key NAME of the keyring for its maker's statement
that the key lives in hardware, and keep the statement in the keyring.

With --roots the statement is kept only if it is about this key and leads to one
of the certificates in FILE, which you got from the maker by another way.
Without --roots nothing is verified, and the result says so.`,
		Example:           `  stella keys attest old --roots maker.pem  # exit 2`,
		Args:              wantArgs("NAME"),
		ValidArgsFunction: a.completeName,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKeysAttest(cmd.Context(), s, &opts, bareName(args[0]))
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type keysAttestOptions struct {
	roots   string
	secrets secretFlags
}

// AddFlags registers the flags.
func (o *keysAttestOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.roots, "roots", "", "demand a statement that leads to a certificate in `FILE` (PEM)")
	o.secrets.AddFlags(fs)
	addKeyring(fs)
}

func runKeysAttest(ctx context.Context, s *session, o *keysAttestOptions, name string) error {
	e, err := s.findInKeyring(name)
	if err != nil {
		return err
	}
	attester, err := o.attester(s, e)
	if err != nil {
		return err
	}
	var roots []*x509.Certificate
	if o.roots != "" {
		if roots, err = readRoots(s, o.roots); err != nil {
			return err
		}
	}
	got, err := attester.Attest(ctx, e.Reference)
	if err != nil {
		return err
	}
	var hardware *keys.Hardware
	if o.roots != "" {
		led, err := verifyAttestation(s, attester, got, e, roots)
		if err != nil {
			return err
		}
		hardware = &keys.Hardware{Format: got.Format, Roots: fingerprints(led), VerifiedAt: s.Now()}
	}
	if err := o.keep(ctx, s, name, got, hardware); err != nil {
		return err
	}
	return s.ui.Show(&keysAttestResult{Name: name, Format: got.Format, Certificates: len(got.Chain), Verified: o.roots != "", Roots: o.roots})
}

// attester returns the driver of the key, if it can do this.
func (o *keysAttestOptions) attester(s *session, e *keyring.Entry) (keys.Attester, error) {
	if !e.HasReference() {
		return nil, fault.New(fault.KeyVerifyOnly, "the keyring has only the public half of %q", e.Key.Name)
	}
	drivers, err := s.drivers(&o.secrets)
	if err != nil {
		return nil, err
	}
	driver, err := drivers.Driver(e.Reference.Scheme())
	if err != nil {
		return nil, err
	}
	attester, ok := driver.(keys.Attester)
	if !ok {
		return nil, fault.New(fault.KeyUnsupported, "keys of scheme %q come without a statement of their maker", driver.Scheme()).
			WithHint("keys in a TPM and on FIDO2 tokens have one")
	}
	return attester, nil
}

// verifyAttestation judges a statement and returns those of the roots that it
// leads to, or fails: what stella cannot judge is not kept as if it had.
func verifyAttestation(s *session, attester keys.Attester, a *keys.Attestation, e *keyring.Entry, roots []*x509.Certificate) ([]*x509.Certificate, error) {
	verifier, ok := attester.(keys.AttestationVerifier)
	if !ok {
		return nil, fault.New(fault.KeyUnsupported, "stella cannot verify statements in the form %q", a.Format).
			WithHint("keep it unverified, without --roots, and verify it with the maker's tool")
	}
	if err := verifier.VerifyAttestation(a, e.Key.Public, roots, s.Now()); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(roots), func(root *x509.Certificate) bool {
		return verifier.VerifyAttestation(a, e.Key.Public, []*x509.Certificate{root}, s.Now()) != nil
	}), nil
}

// keep notes the statement and, if it was verified, that the key is in hardware.
// One that was not verified takes nothing back.
func (o *keysAttestOptions) keep(ctx context.Context, s *session, name string, a *keys.Attestation, hardware *keys.Hardware) error {
	detail := a.Format + ", not verified"
	if hardware != nil {
		detail = fmt.Sprintf("%s, verified to roots %s", a.Format, strings.Join(hardware.Roots, " "))
	}
	return s.keyring().Update(ctx, func(c *keyring.Contents) error {
		e, err := c.Find(name)
		if err != nil {
			return err
		}
		e.Attestations = append(e.Attestations, keyring.Attestation{Attestation: *a, ObtainedAt: s.Now()})
		if hardware != nil {
			e.Key.Hardware = hardware
		}
		e.Note(s.Now(), keyring.Attested, "%s", detail)
		return nil
	})
}

// readRoots reads the certificates that statements must lead to.
func readRoots(s *session, path string) ([]*x509.Certificate, error) {
	text, err := readPublicFile(s, path)
	if err != nil {
		return nil, err
	}
	var roots []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" {
			return nil, fault.New(fault.TrustMalformed, "%q holds something else than certificates", path).With("path", path)
		}
		roots = append(roots, cert)
	}
	if len(roots) == 0 {
		return nil, fault.New(fault.TrustMalformed, "%q holds no certificate", path).With("path", path).
			WithHint("give the maker's root certificates as PEM")
	}
	return roots, nil
}

// fingerprints returns the roots' names, each once.
func fingerprints(roots []*x509.Certificate) []string {
	var out []string
	for _, root := range roots {
		if f := fmt.Sprintf("sha256:%x", sha256.Sum256(root.Raw)); !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

type keysAttestResult struct {
	Name         string `json:"name"`
	Format       string `json:"format"`
	Certificates int    `json:"certificates"`
	Verified     bool   `json:"verified"`
	Roots        string `json:"roots,omitempty"`
}

// Text implements ui.Result.
func (r *keysAttestResult) Text(p *ui.Printer) {
	p.Pairs(
		ui.P("key", ui.T(r.Name)),
		ui.P("statement", ui.T(fmt.Sprintf("%s, %s", r.Format, plural(r.Certificates, "certificate")))),
	)
	if r.Verified {
		p.Status(ui.Passed, ui.T("leads to a root in "+r.Roots))
		return
	}
	p.Status(ui.Warned, ui.T("kept, and not verified: say --roots FILE with the maker's certificates"))
}
