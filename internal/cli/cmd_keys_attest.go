package cli

import (
	"context"
	"crypto"
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
	"github.com/stellaops/stella/pkg/dsse"
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

With --roots the statement is kept only if it is about this key and leads to
what is in FILE, which you got from the maker by another way: certificates, in
PEM. A TPM signs its statements with an attestation key of its own. It proves on
the spot that it has one and is by one of these makers, or FILE has the public
half of the attestation key, see stella keys enrol. Without --roots nothing is
verified, and the result says so.`,
		Example: `  stella keys attest release --roots maker.pem
  stella keys attest release`,
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
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type keysAttestOptions struct {
	roots   string
	secrets secretFlags
}

// AddFlags registers the flags.
func (o *keysAttestOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.roots, "roots", "", "demand a statement that leads to a certificate, or an attestation key, in `FILE` (PEM)")
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
	var trust *keys.AttestationTrust
	if o.roots != "" {
		if trust, err = readAttestationTrust(s, o.roots); err != nil {
			return err
		}
	}
	got, err := attester.Attest(ctx, e.Reference)
	if err != nil {
		return err
	}
	var hardware *keys.Hardware
	if trust != nil {
		led, err := verifyAttestation(ctx, attester, got, e, trust)
		if err != nil {
			return err
		}
		hardware = &keys.Hardware{Format: got.Format, Roots: led, VerifiedAt: s.Now()}
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

// verifyAttestation judges a statement and names what of the trust it leads to, or
// fails: what stella cannot judge is not kept as if it had. A device that nobody
// knows yet proves who it is by the makers' certificates, if there are any.
func verifyAttestation(ctx context.Context, attester keys.Attester, a *keys.Attestation, e *keyring.Entry, trust *keys.AttestationTrust) ([]string, error) {
	verifier, ok := attester.(keys.AttestationVerifier)
	if !ok {
		return nil, fault.New(fault.KeyUnsupported, "stella cannot verify statements in the form %q", a.Format).
			WithHint("keep it unverified, without --roots, and verify it with the maker's tool")
	}
	judge := func(t keys.AttestationTrust) error { return verifier.VerifyAttestation(a, &e.Key, t) }
	err := judge(*trust)
	enroller, enrols := attester.(keys.Enroller)
	if enrols && len(trust.Roots) > 0 && fault.ReasonOf(err) == fault.AttestationUntrusted {
		var signer crypto.PublicKey
		if signer, err = enroller.EnrolHere(ctx, e.Reference, *trust); err != nil {
			return nil, err
		}
		trust.Signers = append(trust.Signers, signer)
		err = judge(*trust)
	}
	if err != nil {
		return nil, err
	}
	return leadsTo(trust, judge), nil
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

// readAttestationTrust reads the certificates and attestation keys that statements
// must lead to.
func readAttestationTrust(s *session, path string) (*keys.AttestationTrust, error) {
	text, err := readPublicFile(s, path)
	if err != nil {
		return nil, err
	}
	trust := &keys.AttestationTrust{At: s.Now()}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if err := addTrust(trust, block); err != nil {
			return nil, fault.Wrap(fault.TrustMalformed, err, "%q", path).With("path", path)
		}
	}
	if len(trust.Roots) == 0 && len(trust.Signers) == 0 {
		return nil, fault.New(fault.TrustMalformed, "%q holds no certificate and no key", path).With("path", path).
			WithHint("give the maker's root certificates as PEM")
	}
	return trust, nil
}

// leadsTo names what of the trust is enough for a statement: certificates by the
// SHA-256 of their DER, attestation keys by their key ids, each once.
func leadsTo(trust *keys.AttestationTrust, judge func(keys.AttestationTrust) error) []string {
	var out []string
	add := func(name string, t keys.AttestationTrust) {
		t.At = trust.At
		if judge(t) == nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, root := range trust.Roots {
		add(fmt.Sprintf("sha256:%x", sha256.Sum256(root.Raw)), keys.AttestationTrust{Roots: []*x509.Certificate{root}})
	}
	for _, signer := range trust.Signers {
		if id, err := dsse.KeyID(signer); err == nil {
			add(id, keys.AttestationTrust{Signers: []crypto.PublicKey{signer}})
		}
	}
	return out
}

func addTrust(trust *keys.AttestationTrust, block *pem.Block) error {
	if block.Type == "CERTIFICATE" {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fault.New(fault.TrustMalformed, "a certificate is damaged")
		}
		trust.Roots = append(trust.Roots, cert)
		return nil
	}
	list, err := keys.ParsePublic(pem.EncodeToMemory(block))
	if err != nil {
		return err
	}
	for _, k := range list {
		trust.Signers = append(trust.Signers, k.Key)
	}
	return nil
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
