package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/verify"
)

func newPromotionVerifyCommand(a *app) *cobra.Command {
	var opts promotionVerifyOptions
	cmd := &cobra.Command{
		Use:   "verify PROMOTION [EVIDENCE...]",
		Short: "verify a promotion and everything that it rests on",
		Long: `Verify a promotion, without a network: its signature, that the one who is named
as promoter signed it, and every attestation that it names. They are looked for
in EVIDENCE, files and directories as stella verify takes them, by the digest of
what was signed. Each must be there, be verified, and be about the image. Log
receipts in the promotion count as if they lay beside the signatures.

--chain goes back from step to step to the first one, and looks for a step that
is missing, and for another promotion that takes the same step: both among the
evidence given, since nobody can tell what was kept back.

A policy says which steps count, who may promote, how old a promotion may be by
proven time, and what must stand in it; in a rule, "promotion" keeps duties
apart and demands a chain. Trust is that of stella verify: what is named, else
the active trust bundle.`,
		Example: `  stella promotion verify promotion.sigstore.json image-sbom.sigstore.json --trust builder.json --trust promoter.json
  stella promotion verify promotion.sigstore.json image-sbom.sigstore.json --trust builder.json --trust promoter.json --from dev --to staging \
      --image registry.example/app@sha256:22946256260bb441e48d8e409bf0e297cb009ee6d9ad783807e15e130b28e727 --sbom sbom.cdx.json
  stella promotion verify promotion.sigstore.json image-sbom.sigstore.json --trust builder.json --trust promoter.json --chain --separate-from sbom`,
		Args: func(cmd *cobra.Command, args []string) error {
			return wantArgs("PROMOTION")(cmd, args[:min(len(args), 1)])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runPromotionVerify(cmd.Context(), s, &opts, args[0], args[1:])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type promotionVerifyOptions struct {
	trust     trustFlags
	proofs    proofFlags
	policy    policyFlags
	rendering renderingFlags
	files     roleFlags
	image     string
	demands   promotion.Demands
	separate  []string
	at        string
}

// AddFlags registers the flags.
func (o *promotionVerifyOptions) AddFlags(fs *pflag.FlagSet) {
	o.trust.addKeys(fs)
	o.trust.AddFlags(fs)
	o.proofs.AddFlags(fs)
	o.rendering.AddFlags(fs)
	fs.StringVar(&o.policy.path, flagPolicy, "", "demand what the policy in `FILE` does, beside what the other flags demand")
	fs.BoolVar(&o.policy.replaceUnsafe, flagReplacePolicy, false, "DANGER: leave out the policy of the trust bundle, which --policy can otherwise only narrow")
	fs.StringVar(&o.image, "image", "", "demand that this image was promoted: `NAME@sha256:HEX`, or an OCI image layout on disk")
	fs.StringVar(&o.demands.From, "from", "", "demand that it was promoted from `ENV`")
	fs.StringVar(&o.demands.To, "to", "", "demand that it was promoted to `ENV`")
	o.files.AddFlags(fs, "demand that the %s in `FILE` is one that was promoted; repeatable")
	fs.StringArrayVar(&o.separate, "separate-from", nil, "demand materials of `ROLE`, and that who promoted did not sign them: sbom, vex, report; repeatable")
	fs.BoolVar(&o.demands.Chain, "chain", false, "demand all steps before this one, and no fork among them")
	fs.StringVar(&o.demands.ChainFrom, "chain-from", "", "demand that the chain begins in `ENV`")
	fs.BoolVar(&o.demands.AllowUnverifiedUnsafe, flagAllowUnverified, false, "DANGER: let documents pass of which the promotion says that nothing attests them")
	fs.StringVar(&o.at, "at", "", "judge keys at `TIME` (RFC 3339) instead of now")
}

func runPromotionVerify(ctx context.Context, s *session, o *promotionVerifyOptions, name string, evidence []string) error {
	names := append([]string{name}, evidence...)
	if err := stdinOnce(slices.Concat(names, o.files.all())...); err != nil {
		return err
	}
	closers := &closeList{}
	defer closers.close()
	policy, err := o.verification(ctx, s)
	if err != nil {
		return err
	}
	if err := o.complete(s, closers); err != nil {
		return err
	}
	compared := o.demands.Image != "" || len(o.demands.Documents) > 0
	verdict, err := o.rendering.open(ctx, s, names, report.Reservations(compared, false))
	if err != nil {
		return err
	}
	defer verdict.Abort()
	whole, err := o.judge(ctx, s, policy, name, evidence)
	if whole == nil {
		return err
	}
	whole.Time.Source = timeSource(o.at)
	whole.Profile.Standing = standing(whole.Profile.Name, version.Module())
	if err := report.Write(verdict, whole); err != nil {
		return err
	}
	return settled(whole.Exit)
}

// verification is the policy of all signatures.
func (o *promotionVerifyOptions) verification(ctx context.Context, s *session) (*verify.Policy, error) {
	p := &verify.Policy{Threshold: 1, Spellings: predicate.Spellings, At: s.Now(), Profile: s.config.Profile}
	var err error
	if o.at != "" {
		if p.At, err = parseInstant("at", o.at); err != nil {
			return nil, err
		}
	}
	if err := o.proofs.apply(p); err != nil {
		return nil, err
	}
	return p, applyPolicies(ctx, s, p, &o.trust, &o.policy)
}

// complete reads what the flags demand of the promotion.
func (o *promotionVerifyOptions) complete(s *session, closers *closeList) error {
	for _, role := range o.separate {
		if !slices.Contains(predicate.Roles(), role) {
			return fault.New(fault.UsageInvalid, "--separate-from %q is no role of a material", role).WithHint("say sbom, vex or report")
		}
	}
	o.demands.SeparateFrom = o.separate
	if o.image != "" {
		image, err := imageOf(s, o.image, closers)
		if err != nil {
			return err
		}
		o.demands.Image = predicate.MainDigest(image.Digest)
	}
	files, err := o.files.open(s, input.MaxDocument, closers)
	if err != nil {
		return err
	}
	for _, f := range files {
		document, err := promotion.NewDocument(f.Role, f.File)
		if err != nil {
			return err
		}
		o.demands.Documents = append(o.demands.Documents, document)
	}
	return nil
}

// judge reads the evidence and verifies it.
func (o *promotionVerifyOptions) judge(ctx context.Context, s *session, p *verify.Policy, name string, others []string) (*verify.Report, error) {
	in := gather.New([]string{name}, gather.Options{Stdin: s.Stdin})
	defer in.Close()
	named, err := promotion.Collect(ctx, in)
	if err != nil {
		return nil, err
	}
	defer named.Close()
	more := gather.New(others, gather.Options{Stdin: s.Stdin})
	defer more.Close()
	evidence, err := promotion.Collect(ctx, more)
	if err != nil {
		return nil, err
	}
	defer evidence.Close()
	whole, err := promotion.Verify(ctx, named, evidence, p, o.demands)
	return whole, err
}
