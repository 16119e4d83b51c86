package cli

import (
	"context"
	"crypto"
	"crypto/x509"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

// verifierFlags are the flags of the verifier's side.
type verifierFlags struct {
	roots, expect string
	output        outputFlags
}

func (f *verifierFlags) addExpect(fs *pflag.FlagSet, usage string) {
	fs.StringVar(&f.expect, "expect", "", usage)
}

func newKeysEnrolChallengeCommand(a *app) *cobra.Command {
	f := verifierFlags{}
	cmd := &cobra.Command{
		Use:   "challenge ENROLMENT --roots FILE --expect KEPT -o CHALLENGE",
		Short: "challenge a TPM from afar to prove what it showed",
		Long: `As the verifier: check that the certificate in the file ENROLMENT leads to one
in --roots, which you got from the TPM's maker, and write a challenge that only
a TPM with this certificate's key and the attestation key can answer.

Send CHALLENGE to the machine, and keep what --expect writes: it is not secret,
but whoever can change it can have any key accepted. Each is for one answer.`,
		Example: `  stella keys enrol challenge machine.enrolment.json --roots tpm-maker.pem --expect mine.json -o mine.challenge.json`,
		Args:    wantArgs("ENROLMENT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.enrol(cmd, &f.output, func(ctx context.Context, s *session) (*enrolResult, error) {
				return f.challenge(ctx, s, args[0])
			}, args[0], f.roots)
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	cmd.Flags().StringVar(&f.roots, "roots", "", "believe the makers whose certificates are in `FILE` (PEM), the intermediate ones among them")
	f.addExpect(cmd.Flags(), "write to `KEPT` what the answer is held against")
	f.output.AddFlags(cmd.Flags())
	return cmd
}

func (f *verifierFlags) challenge(ctx context.Context, s *session, path string) (*enrolResult, error) {
	if f.roots == "" || f.expect == "" || f.expect == f.output.path {
		return nil, fault.New(fault.UsageInvalid, "a challenge needs to know whom you believe, and where to keep what its answer is held against").
			WithHint("say --roots FILE with the maker's certificates, and --expect FILE for a file of its own")
	}
	if err := stdinOnce(path, f.roots); err != nil {
		return nil, err
	}
	trust, err := readAttestationTrust(s, f.roots)
	if err != nil {
		return nil, err
	}
	enrolment, err := readExchange(s, path, tpm.ParseEnrolment)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, c := range trust.Roots {
		roots.AddCert(c)
	}
	challenge, expected, err := tpm.NewChallenge(enrolment, roots, nil, s.Now())
	if err != nil {
		return nil, err
	}
	kept, err := expected.Marshal()
	if err != nil {
		return nil, err
	}
	if err := atomicfile.WriteFile(ctx, f.expect, kept, atomicfile.Options{Force: f.output.force, Inputs: []string{path, f.roots}}); err != nil {
		return nil, err
	}
	text, err := challenge.Marshal()
	issuer, serial := expected.Maker()
	return &enrolResult{
		Maker: issuer, Serial: serial, text: text,
		done: "the certificate leads to a root in " + f.roots,
		next: "send the challenge to the machine, and keep " + f.expect,
	}, err
}

func newKeysEnrolAcceptCommand(a *app) *cobra.Command {
	f := verifierFlags{}
	cmd := &cobra.Command{
		Use:   "accept ANSWER --expect KEPT -o KEY",
		Short: "accept a TPM's answer to your challenge",
		Long: `As the verifier: hold the answer in the file ANSWER against what you kept of the
challenge. If it is right the attestation key is in the TPM of the certificate,
and its public half is written, for keys attest --roots.`,
		Example: `  stella keys enrol accept answer.json --expect kept.json -o machine.pub`,
		Args:    wantArgs("ANSWER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.enrol(cmd, &f.output, func(_ context.Context, s *session) (*enrolResult, error) {
				return f.accept(s, args[0])
			}, args[0], f.expect)
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	f.addExpect(cmd.Flags(), "hold the answer against what the challenge left in `KEPT`")
	f.output.AddFlags(cmd.Flags())
	return cmd
}

func (f *verifierFlags) accept(s *session, path string) (*enrolResult, error) {
	if f.expect == "" {
		return nil, fault.New(fault.UsageInvalid, "nothing to hold the answer against").
			WithHint("say --expect FILE with what stella keys enrol challenge left")
	}
	if err := stdinOnce(path, f.expect); err != nil {
		return nil, err
	}
	expected, err := readExchange(s, f.expect, tpm.ParseExpected)
	if err != nil {
		return nil, err
	}
	answer, err := readExchange(s, path, tpm.ParseAnswer)
	if err != nil {
		return nil, err
	}
	signer, err := expected.Check(answer)
	if err != nil {
		return nil, err
	}
	result, err := newSignerResult(signer)
	if err == nil {
		result.done = "the attestation key is in the TPM of the certificate"
		result.Maker, result.Serial = expected.Maker()
	}
	return result, err
}

// enrolResult is what a step of an enrolment wrote.
type enrolResult struct {
	Output string `json:"output"`
	KeyID  string `json:"keyId,omitempty"`
	// Maker and Serial are of the certificate of the TPM.
	Maker  string `json:"maker,omitempty"`
	Serial string `json:"serial,omitempty"`

	text       []byte
	done, next string
}

// newSignerResult is about an attestation key.
func newSignerResult(signer crypto.PublicKey) (*enrolResult, error) {
	text, err := keys.MarshalPublic(signer)
	if err != nil {
		return nil, err
	}
	id, err := dsse.KeyID(signer)
	return &enrolResult{KeyID: id, text: text, next: "believe its statements: stella keys attest NAME --roots FILE"}, err
}

// Text implements ui.Result.
func (r *enrolResult) Text(p *ui.Printer) {
	if r.done != "" {
		p.Status(ui.Passed, ui.T(r.done))
	}
	var pairs []ui.Pair
	if r.KeyID != "" {
		pairs = append(pairs, ui.P("attestation key", p.Digest(r.KeyID)))
	}
	if r.Maker != "" {
		pairs = append(pairs, ui.P("certificate of", ui.T(r.Maker)), ui.P("serial", ui.T(r.Serial)))
	}
	if r.Output != "-" {
		pairs = append(pairs, ui.P("written to", ui.T(r.Output)))
	}
	p.Pairs(pairs...)
	p.Line(ui.Styled(ui.Faint, "next: "+r.next))
}
