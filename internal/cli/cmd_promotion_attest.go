package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/policy"
)

func newPromotionAttestCommand(a *app) *cobra.Command {
	var opts promotionAttestOptions
	cmd := &cobra.Command{
		Use:   "attest --image NAME@sha256:HEX --sbom FILE --from ENV --to ENV",
		Short: "sign that an image was promoted, and on what evidence",
		Long: `Sign that an image went from one environment to the next, as a statement of type
stella.ops/promotion@v1, on the evidence that is named: attestations of its
SBOM, of VEX documents and of reports. Each is verified first, as stella verify
does, by the trust that is named or else the active trust bundle, and it must be
about the image; VEX and reports may also be about its SBOM. Beside an
attestation its document can be given: its digest is then the one that is
recorded, else that of what the attestation embeds.

An image is named by its digest, or is the one in an OCI image layout on disk: a
tag can be moved. With --online the registry is asked for the image, with the
credentials of docker login: it must be there, and a tag is taken for the image
that it names now, which is shown before anything is signed. --previous names
the promotion before this one, so that the steps form a chain.

In GitHub Actions, GitLab CI, Jenkins and Tekton the pipeline is taken from the
environment, and so is the actor where the system names one; both are shown
before anything is signed. Verifiers accept the actor only if it is who signs:
the key's holder, or the identity in the certificate.`,
		Example: `  stella promotion attest --image registry.example/app@sha256:22946256260bb441e48d8e409bf0e297cb009ee6d9ad783807e15e130b28e727 \
      --sbom image-sbom.sigstore.json --trust builder.json \
      --from dev --to staging --actor release-team --ticket OPS-4711 --key keyring:promoter -o staging.sigstore.json
  stella promotion attest --image image-layout --sbom image-sbom.sigstore.json --trust builder.json --trust promoter.json \
      --from staging --to prod --actor release-team --previous promotion.sigstore.json --key keyring:promoter -o prod.sigstore.json`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runPromotionAttest(cmd.Context(), s, &opts)
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

const flagAllowUnverified = "allow-unverified-evidence"

type promotionAttestOptions struct {
	sign            signFlags
	trust           trustFlags
	policy          policyFlags
	files           roleFlags
	image           imageFlags
	step            predicate.Step
	previous        string
	allowUnverified bool
}

// AddFlags registers the flags.
func (o *promotionAttestOptions) AddFlags(fs *pflag.FlagSet) {
	o.image.AddFlags(fs)
	o.files.AddFlags(fs, "attestation of the %s, or the document that another FILE attests, in `FILE`; repeatable")
	fs.StringVar(&o.step.From, "from", "", "the environment `ENV` that the image comes from")
	fs.StringVar(&o.step.To, "to", "", "the environment `ENV` that it goes to")
	fs.StringVar(&o.step.Actor, "actor", "", "`WHO` promotes it: the key's holder, or the identity in the certificate")
	fs.StringVar(&o.step.Pipeline, "pipeline", "", "`URL` of the pipeline that does it")
	fs.StringVar(&o.step.Ticket, "ticket", "", "`TICKET` that asks for it")
	fs.StringVar(&o.step.Notes, "notes", "", "`TEXT` for people")
	fs.StringVar(&o.step.Timestamp, "timestamp", "", "record `TIME` (RFC 3339) instead of now; it proves nothing")
	fs.StringVar(&o.previous, "previous", "", "the promotion before this one, in `FILE`")
	fs.BoolVar(&o.allowUnverified, flagAllowUnverified, false, "DANGER: promote on evidence that does not verify, which is recorded")
	fs.StringVar(&o.policy.path, flagPolicy, "", "demand of the evidence what the policy in `FILE` does")
	o.sign.AddFlags(fs)
	o.trust.AddFlags(fs)
}

// roleFlags name files by the role that they have in a promotion.
type roleFlags struct{ sboms, vexes, reports []string }

// AddFlags registers the flags. help says what a file is of the role named in it.
func (f *roleFlags) AddFlags(fs *pflag.FlagSet, help string) {
	fs.StringArrayVar(&f.sboms, predicate.RoleSBOM, nil, fmt.Sprintf(help, "SBOM"))
	fs.StringArrayVar(&f.vexes, predicate.RoleVEX, nil, fmt.Sprintf(help, "VEX document"))
	fs.StringArrayVar(&f.reports, predicate.RoleReport, nil, fmt.Sprintf(help, "report"))
}

func (f *roleFlags) all() []string { return slices.Concat(f.sboms, f.vexes, f.reports) }

// open opens the files.
func (f *roleFlags) open(s *session, limit int64, closers *closeList) ([]promotion.File, error) {
	var out []promotion.File
	for _, role := range []struct {
		name  string
		files []string
	}{{predicate.RoleSBOM, f.sboms}, {predicate.RoleVEX, f.vexes}, {predicate.RoleReport, f.reports}} {
		for _, name := range role.files {
			file, err := input.Open(name, s.Stdin, limit)
			if err != nil {
				return nil, err
			}
			closers.add(file)
			out = append(out, promotion.File{Role: role.name, File: file})
		}
	}
	return out, nil
}

func runPromotionAttest(ctx context.Context, s *session, o *promotionAttestOptions) error {
	inputs := append(o.files.all(), o.previous)
	if err := stdinOnce(inputs...); err != nil {
		return err
	}
	notes, err := o.complete(s)
	if err != nil {
		return err
	}
	if err := cmp.Or(o.image.check(s), o.sign.check(s, "promotion")); err != nil {
		return err
	}
	closers := &closeList{}
	defer closers.close()
	image, err := o.image.find(ctx, s, closers)
	if err != nil {
		return err
	}
	in, err := o.input(ctx, s, image, closers)
	if err != nil {
		return err
	}
	made, err := promotion.Assemble(ctx, *in)
	if err != nil {
		return err
	}
	draft, err := made.Predicate.Draft()
	if err != nil {
		return err
	}
	draft.Notes = slices.Concat(notes, image.notes, made.Notes)
	sealed, err := sealDraft(ctx, s, &o.sign, draft, append(inputs, o.image.image)...)
	if err != nil {
		return err
	}
	if in.Policy != nil {
		warnActor(s, o.step.Actor, sealed, in.Policy.Trust)
	}
	return o.sign.output.show(s, newStatementResult(draft, sealed))
}

// warnActor tells who promotes in a name that is not that of the key: the one that a CI
// system gives seldom is, and verifiers refuse the promotion.
func warnActor(s *session, actor string, sealed *sealedResult, trust *keys.Trust) {
	if trust == nil {
		return
	}
	holder := ""
	for _, signer := range sealed.Signers {
		for _, k := range trust.Keys() {
			switch id, err := dsse.KeyID(k.Public); {
			case err != nil || id != signer.KeyID:
			case k.Holder == actor:
				return
			default:
				holder = k.Holder
			}
		}
	}
	if holder != "" {
		s.ui.Warn("the key that signed is held by %q, and %q is named as promoter: who trusts as you do refuses this promotion", holder, actor)
		s.ui.Say("hint: name the holder: --actor %s --force", holder)
	}
}

// complete fills in what the surroundings say, and refuses what lacks. The notes say
// what was filled in.
func (o *promotionAttestOptions) complete(s *session) (notes []string, err error) {
	ci := promotion.SurroundingsOf(s.getenv)
	for _, part := range []struct {
		what string
		to   *string
		from string
	}{{"actor", &o.step.Actor, ci.Actor}, {"pipeline", &o.step.Pipeline, ci.Pipeline}} {
		if *part.to == "" && part.from != "" {
			*part.to = part.from
			notes = append(notes, fmt.Sprintf("%s from %s: %s", part.what, ci.System, part.from))
		}
	}
	for _, must := range []struct{ flag, value, hint string }{
		{"image", o.image.image, "NAME@sha256:<hex>"}, {"from", o.step.From, "dev"}, {"to", o.step.To, "staging"}, {"actor", o.step.Actor, "release-team"},
	} {
		if must.value == "" {
			return nil, fault.New(fault.UsageInvalid, "a promotion needs --%s", must.flag).WithHint("say it: --%s %s", must.flag, must.hint)
		}
	}
	if o.step.From == o.step.To {
		return nil, fault.New(fault.UsageInvalid, "a promotion goes from one environment to another, and both are %q", o.step.From).
			WithHint("say where it comes from with --from, and where it goes with --to")
	}
	at, err := s.artefactTime()
	if err == nil && o.step.Timestamp != "" {
		at, err = parseInstant("timestamp", o.step.Timestamp)
	}
	o.step.Timestamp = at.UTC().Truncate(time.Second).Format(time.RFC3339)
	return notes, err
}

// input gathers what the promotion is made of.
func (o *promotionAttestOptions) input(ctx context.Context, s *session, image *foundImage, closers *closeList) (*promotion.Input, error) {
	in := &promotion.Input{Image: image.Subject, Platforms: image.platforms, Step: o.step, AllowUnverifiedUnsafe: o.allowUnverified}
	var err error
	if in.Files, err = o.files.open(s, input.MaxEvidence, closers); err != nil {
		return nil, err
	}
	if o.previous != "" {
		if in.Previous, err = input.Open(o.previous, s.Stdin, input.MaxEvidence); err != nil {
			return nil, err
		}
		closers.add(in.Previous)
	}
	in.Policy, err = evidencePolicy(ctx, s, &o.trust, &o.policy)
	if fault.ReasonOf(err) == fault.TrustRequired && o.allowUnverified {
		in.Distrusted, err = err, nil
	}
	return in, err
}

// evidencePolicy is the policy by which evidence is verified that another verb rests on.
func evidencePolicy(ctx context.Context, s *session, trust *trustFlags, file *policyFlags) (*verify.Policy, error) {
	p := &verify.Policy{Threshold: 1, Spellings: predicate.Spellings, At: s.Now(), Profile: s.config.Profile}
	return p, applyPolicies(ctx, s, p, trust, file)
}

// applyPolicies reads trust and policy file into p.
func applyPolicies(ctx context.Context, s *session, p *verify.Policy, trust *trustFlags, file *policyFlags) error {
	var own *policy.Policy
	own, err := file.load(s)
	if err != nil {
		return err
	}
	trust.named = own != nil && own.NamesIdentities()
	trust.bundle = bundleUse{policy: own, replaceUnsafe: file.replaceUnsafe, rules: true}
	if err := trust.apply(ctx, s, p); err != nil || own == nil {
		return err
	}
	return own.Apply(p)
}
