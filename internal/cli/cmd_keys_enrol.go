package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

func newKeysEnrolCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "enrol",
		Short: "prove to others that an attestation key is in a TPM",
		Long: `A TPM says with its attestation key which keys it holds. Whoever is to believe
it has to know that key first. There are two ways:

  read                      at the machine itself, by somebody who is believed
  start, challenge, answer, accept
                            from afar, by the certificate of the TPM's maker

The result of both is the attestation key's public half, which keys attest takes
as --roots. TPM is "tpm:" for the machine's own, or tpm:?device=PATH.`,
	},
		newKeysEnrolReadCommand(a),
		newKeysEnrolStartCommand(a),
		newKeysEnrolChallengeCommand(a),
		newKeysEnrolAnswerCommand(a),
		newKeysEnrolAcceptCommand(a),
	)
}

func newKeysEnrolReadCommand(a *app) *cobra.Command {
	var output outputFlags
	cmd := &cobra.Command{
		Use:   "read [TPM]",
		Short: "read the attestation key of the TPM before you",
		Long: `Write the public half of a TPM's attestation key, for TPMs that have no
certificate of their maker. It proves nothing: that it comes from a TPM, and
from which, is what you say who stand before the machine.`,
		Example: `  stella keys enrol read -o attestation-key.pub`,
		Args:    wantAtMost("TPM"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.enrolTPM(cmd, &output, args, func(ctx context.Context, driver *tpm.Driver, ref keys.Ref) (*enrolResult, error) {
				signer, err := driver.AttestationKey(ctx, ref)
				if err != nil {
					return nil, err
				}
				return newSignerResult(signer)
			})
		},
	}
	cmd.Annotations = exits(fault.ExitMissing, fault.ExitTemporary)
	output.AddFlags(cmd.Flags())
	return cmd
}

func newKeysEnrolStartCommand(a *app) *cobra.Command {
	var output outputFlags
	cmd := &cobra.Command{
		Use:   "start [TPM]",
		Short: "write what a verifier needs to challenge a TPM",
		Long: `At the machine: write the certificate of the TPM's endorsement key, by the
TPM's maker, and the public half of its attestation key. They prove nothing yet;
the verifier makes a challenge of them.`,
		Example: `  stella keys enrol start -o machine.enrolment.json`,
		Args:    wantAtMost("TPM"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.enrolTPM(cmd, &output, args, func(ctx context.Context, driver *tpm.Driver, ref keys.Ref) (*enrolResult, error) {
				enrolment, err := driver.Enrol(ctx, ref)
				if err != nil {
					return nil, err
				}
				text, err := enrolment.Marshal()
				return &enrolResult{text: text, done: "the TPM shows its certificate and attestation key", next: "have it challenged: stella keys enrol challenge"}, err
			})
		},
	}
	cmd.Annotations = exits(fault.ExitMissing, fault.ExitTemporary)
	output.AddFlags(cmd.Flags())
	return cmd
}

func newKeysEnrolAnswerCommand(a *app) *cobra.Command {
	var output outputFlags
	cmd := &cobra.Command{
		Use:   "answer CHALLENGE [TPM]",
		Short: "have the TPM answer a verifier's challenge",
		Long: `At the machine: have the TPM open the secret in the file CHALLENGE, which it can
only if it holds both the endorsement key of its maker's certificate and the
attestation key that it showed.`,
		Example: `  stella keys enrol answer challenge.json -o answer.json`,
		Args:    wantOneOrTwo("CHALLENGE", "TPM"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.enrol(cmd, &output, func(ctx context.Context, s *session) (*enrolResult, error) {
				challenge, err := readExchange(s, args[0], tpm.ParseChallenge)
				if err != nil {
					return nil, err
				}
				driver, ref, err := s.tpm(args[1:])
				if err != nil {
					return nil, err
				}
				answer, err := driver.Answer(ctx, ref, challenge)
				if err != nil {
					return nil, err
				}
				text, err := tpm.MarshalAnswer(answer)
				return &enrolResult{text: text, done: "the TPM answered", next: "give the answer to who made the challenge: stella keys enrol accept"}, err
			}, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitTemporary)
	output.AddFlags(cmd.Flags())
	return cmd
}

// enrol runs one step of an enrolment and writes what it gives. inputs are the files
// that it reads.
func (a *app) enrol(cmd *cobra.Command, output *outputFlags, step func(context.Context, *session) (*enrolResult, error), inputs ...string) error {
	s, err := a.load(cmd)
	if err != nil {
		return err
	}
	out, err := output.create(cmd.Context(), s, inputs...)
	if err != nil {
		return err
	}
	defer out.Abort()
	result, err := step(cmd.Context(), s)
	if err != nil {
		return err
	}
	if _, err := out.Write(result.text); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	result.Output = output.path
	if output.onStdout() {
		result.Output = "-"
	}
	return output.show(s, result)
}

// enrolTPM is enrol for a step that needs nothing but the TPM that args name.
func (a *app) enrolTPM(cmd *cobra.Command, output *outputFlags, args []string, step func(context.Context, *tpm.Driver, keys.Ref) (*enrolResult, error)) error {
	return a.enrol(cmd, output, func(ctx context.Context, s *session) (*enrolResult, error) {
		driver, ref, err := s.tpm(args)
		if err != nil {
			return nil, err
		}
		return step(ctx, driver, ref)
	})
}

// tpm returns the driver of TPMs, and the one that args name, else the machine's.
func (s *session) tpm(args []string) (*tpm.Driver, keys.Ref, error) {
	name := tpm.Scheme + ":"
	if len(args) > 0 {
		name = args[0]
	}
	ref, err := keys.ParseRef(name)
	if err != nil {
		return nil, ref, err
	}
	if ref.Scheme() != tpm.Scheme || ref.Name() != "" {
		return nil, ref, fault.New(fault.UsageInvalid, "%q is not a TPM", name).
			WithHint("write tpm: for the machine's own, or tpm:?device=PATH")
	}
	return tpm.New(keys.NoPassphrases, s.secrets, s.config.TPMDevice), ref, nil
}

// readExchange reads a file that the other side wrote.
func readExchange[T any](s *session, path string, parse func([]byte) (T, error)) (T, error) {
	var none T
	f, err := input.Open(path, s.Stdin, tpm.MaxExchange)
	if err != nil {
		return none, err
	}
	defer func() { _ = f.Close() }() // only read
	text, err := f.ReadAll()
	if err != nil {
		return none, err
	}
	value, err := parse(text)
	if err != nil {
		return none, fault.Wrap(fault.ReasonOf(err), err, "%q", path).With("path", path)
	}
	return value, nil
}
