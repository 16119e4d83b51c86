package cli

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

func newAttestAddCommand(a *app) *cobra.Command {
	var opts attestAddOptions
	cmd := &cobra.Command{
		Use:   "add FILE|-",
		Short: "add a signature to evidence",
		Long: `Add a signature to the statement in an envelope or bundle, as a counter-signer
does, without a network. One existing signature must be by a key that you trust.

What is written is a bare envelope with the old signatures and the new ones.
Evidence with a certificate, log entries or timestamps cannot be put into one
without losing them: there --envelope bundle writes the new signature into a
bundle of its own, to be kept beside the first.`,
		Example: `  stella attest add sbom.sigstore.json --trust ci.key.pub --key team.key -o sbom.dsse.json`,
		Args:    wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runAttestAdd(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.sign.AddFlags(cmd.Flags())
	opts.trust.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.signUnverified, "sign-unverified", false, "sign although no existing signature is verified")
	return cmd
}

type attestAddOptions struct {
	sign           signFlags
	trust          trustFlags
	signUnverified bool
}

func runAttestAdd(ctx context.Context, s *session, o *attestAddOptions, name string) error {
	if o.sign.envelope.value == "" {
		o.sign.envelope.value = envelopeDSSE
	}
	if err := o.sign.check(s, name); err != nil {
		return err
	}
	f, err := input.Open(name, s.Stdin, input.MaxEvidence)
	if err != nil {
		return err
	}
	defer f.Close()
	item, err := o.readOne(f)
	if err != nil {
		return err
	}
	m, err := o.verified(ctx, s, f, item)
	if err != nil {
		return err
	}
	draft, err := checkedDraft(m)
	if err != nil {
		return about(f, err)
	}
	s.ui.Say("adding a signature to %s", draft.PredicateType)
	for _, subject := range draft.Subjects {
		s.ui.Say("subject %s  %s", subject.Name, predicate.MainDigest(subject.Digest))
	}
	sealed, err := o.add(ctx, s, f, item, draft)
	if err != nil {
		return err
	}
	return o.sign.output.show(s, newStatementResult(draft, sealed))
}

// readOne reads the one envelope that a signature can be added to.
func (o *attestAddOptions) readOne(f *input.File) (*bundle.Item, error) {
	items, _, err := bundle.Read(f)
	if err != nil {
		return nil, err
	}
	if len(items) != 1 {
		return nil, fault.New(fault.UsageInvalid, "%s holds %d envelopes; a signature is added to one", input.Display(f.Name()), len(items))
	}
	item := items[0]
	if item.Blob != nil {
		return nil, fault.New(fault.UsageInvalid, "%s is a signature over a file's bytes, which holds one signature", input.Display(f.Name())).
			WithHint("sign the file once more: stella sign blob")
	}
	m := item.Material
	if o.sign.form() == envelopeDSSE && (len(m.Certificates) > 0 || len(m.LogEntries) > 0 || m.Timestamps != nil) {
		return nil, fault.New(fault.UsageInvalid, "a bare envelope has no place for the certificate, log entries or timestamps of %s", input.Display(f.Name())).
			WithHint("write the new signature into a bundle of its own, beside this one: --envelope bundle")
	}
	return &item, nil
}

// verified returns the payload after holding one of the existing signatures
// against trust, unless the user takes that upon themselves. Every later
// reading of it is tied to the bytes that were judged.
func (o *attestAddOptions) verified(ctx context.Context, s *session, f *input.File, item *bundle.Item) (dsse.Message, error) {
	if o.signUnverified {
		s.ui.Warn("none of the existing signatures was verified")
		return dsse.Pin(item.Envelope.UnverifiedMessage())
	}
	if name, err := o.trust.bundleName(s); err != nil || name == "" && !o.trust.given() {
		return nil, cmp.Or(err, error(fault.New(fault.TrustRequired, "no trust to verify the existing signatures with").
			WithHint("say whose signature you expect: --trust KEY.pub")))
	}
	policy := &verify.Policy{Threshold: 1, At: s.Now(), Spellings: predicate.Spellings, Profile: s.config.Profile}
	if err := o.trust.apply(ctx, s, policy); err != nil {
		return nil, err
	}
	evidence := &verify.Evidence{}
	if err := evidence.ReadInput(f); err != nil {
		return nil, err
	}
	report, err := verify.Verify(ctx, evidence, policy)
	if err != nil {
		return nil, about(f, err)
	}
	return report.Results[0].Message, nil
}

// about says which file an error is about, unless there is none of ours in it,
// as after an interrupt.
func about(f *input.File, err error) error {
	if fault.ReasonOf(err) == fault.Internal {
		return err
	}
	return fault.Wrap(fault.ReasonOf(err), err, "%s", input.Display(f.Name())).With("path", f.Name())
}

// checkedDraft re-checks the statement that is about to get our signature.
func checkedDraft(m dsse.Message) (*predicate.Draft, error) {
	if m.PayloadType() != dsse.PayloadTypeInToto {
		return nil, fault.New(fault.StatementInvalid, "payload is %q, not an in-toto statement", m.PayloadType())
	}
	r := dsse.NewReader(m)
	defer r.Close()
	statement, err := intoto.ParseStatement(r)
	if err != nil {
		return nil, err
	}
	return &predicate.Draft{Message: m, PredicateType: statement.PredicateType, Subjects: statement.Subjects}, nil
}

func (o *attestAddOptions) add(ctx context.Context, s *session, f *input.File, item *bundle.Item, d *predicate.Draft) (*sealedResult, error) {
	inputs := append([]string{f.Name()}, o.trust.paths()...)
	if o.sign.form() == envelopeBundle {
		return o.sign.seal(ctx, s, d, inputs...)
	}
	what := useOf(d)
	signers, err := o.sign.openSigners(ctx, s, what)
	if err != nil {
		return nil, err
	}
	if err := refuseSecond(f, item.Envelope, signers); err != nil {
		return nil, err
	}
	return o.sign.write(ctx, s, signers, inputs, func(out atomicfile.Output) (*bundle.Sealed, error) {
		return bundle.Add(ctx, out, what.Message, item.Signatures(), signers...)
	})
}

// refuseSecond refuses a key that has signed the envelope already: its second
// signature would count for nothing.
func refuseSecond(f *input.File, e *dsse.Envelope, signers []dsse.Signer) error {
	for _, signer := range signers {
		verifier, err := keys.VerifierOf(signer)
		if err != nil {
			return err
		}
		if _, err := dsse.Open(e, 1, dsse.Key{Verifier: verifier}); err != nil {
			continue // not signed by it
		}
		id, err := dsse.KeyID(signer.Public())
		if err != nil {
			return err
		}
		return fault.New(fault.UsageInvalid, "%s already holds a signature by the key %s", input.Display(f.Name()), id).
			WithHint("sign with another key: a second signature by one key counts once")
	}
	return nil
}
