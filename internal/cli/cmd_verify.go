package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/export"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/verify"
)

func newVerifyCommand(a *app) *cobra.Command {
	var opts verifyOptions
	cmd := &cobra.Command{
		Use:   "verify FILE|DIR|PATTERN...|-",
		Short: "verify signed evidence",
		Long: `Verify signed evidence against the keys and identities that you name, without a
network: Sigstore bundles (v0.1 to v0.3), DSSE envelopes, cosign's old bundles
and detached signatures, the lists of attestations that npm, PyPI, RubyGems and
GitHub serve, JSON lines of all these, and OCI image layouts (directories or
uncompressed tar archives in files) with what is attached to their images. What
a file is is told by its content and said in the verdict.

Evidence with the same payload is judged together, so a threshold may be met by
several files. Of an image layout, --subject sha256:HEX takes what is attached
to that image.

A directory is gone through with all that is in it, links not followed, and so
are archives that are named: tar, also with gzip or zstd, and zip. In a quoted
pattern ('evidence/**/*.sigstore.json') * and ? stand for what is within a name,
[a-z] for one character, and ** alone between slashes for any number of
directories. Hidden files match only where the dot is written, and a directory
that matches is gone through. "-" is standard input. What is not evidence there
is listed as ignored; what looks like evidence and cannot be read is a failure,
and so is a named place without any. --expect says how many distinct signed
documents there must be: copies of one are one. Beyond 20 results the text shows
failures and a sum, and everything with --verbose.

The manifest of an export (export.json, see stella sign export) stands for the
export: its signatures, and every file in its directory.

Keyless evidence is verified with --trusted-root, which holds the authorities,
and --certificate-identity with --certificate-oidc-issuer, which say whose
certificates count. A key or certificate is judged at the time that a time stamp
or a log entry proves, else now.

A policy file says more than flags can: for which artifacts, by whom, how many
of each, and what the evidence must say. It and the flags must both accept. The
flags are shorthand for a policy, which --print-policy shows.

Without --key, --trust or other trust on the command line the active trust
bundle counts (stella trust), and the verdict names it with its age. Its policy
applies as well, whatever else is demanded.

Without --subject the evidence is not compared with any artifact, and the
verdict says so.

--format says what the verdict is written as: text for people, json or ndjson
for programs, sarif or junit for CI systems, html as one page to print and file.
In GitHub Actions the verdict is also shown in the step's summary and in
annotations, and sarif holds failures only, since GitHub takes every result for
one.`,
		Example: `  stella verify sbom.sigstore.json --key ci.key.pub
  stella verify sbom.sigstore.json --key ci.key.pub --subject sbom.cdx.json --type cyclonedx
  stella verify sbom.sigstore.json --key ci.key.pub --format html -o report.html
  stella verify sbom.dsse.json --key ci.key.pub --key team.key.pub --threshold 2
  stella verify sbom.dsse.json --key ci.key.pub --key team.key.pub --hybrid
  stella verify keyless.sigstore.json --subject app.tar.gz --trusted-root trusted_root.json \
      --certificate-identity ci@example.com --certificate-oidc-issuer https://issuer.example.com
  stella verify sbom.dsse.json --key ci.key.pub --key team.key.pub --policy policy.yaml
  stella verify --threshold 2 --type cyclonedx --print-policy
  stella verify private.sigstore.json --subject app.tar.gz --ca ca.pem --certificate-identity ci@example.com
  stella verify app.sig --key cosign.pub --subject app
  stella verify sbom.sigstore.json
  stella verify sbom.sigstore.json --trust trust:default --subject sbom.cdx.json
  stella verify evidence/ all.tar.gz --key ci.key.pub
  stella verify evidence/ --key ci.key.pub --expect 1
  cat evidence/*.json | stella verify - --key ci.key.pub --fail-fast
  stella verify image-layout --key cosign.pub \
    --subject sha256:22946256260bb441e48d8e409bf0e297cb009ee6d9ad783807e15e130b28e727`,
		Args: func(cmd *cobra.Command, args []string) error {
			if opts.policy.print {
				return nil // nothing is verified
			}
			return wantArgs("FILE|DIR|PATTERN...")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			if opts.policy.print {
				return opts.writePolicy(cmd.Context(), s)
			}
			if len(args) == 1 && export.Is(args[0]) {
				return runVerifyExport(cmd.Context(), s, &opts, args[0])
			}
			return runVerify(cmd.Context(), s, &opts, args)
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	opts.AddFlags(cmd.Flags())
	return cmd
}

// flagExpect demands a number of signed documents.
const flagExpect = "expect"

type verifyOptions struct {
	trust         trustFlags
	proofs        proofFlags
	policy        policyFlags
	rendering     renderingFlags
	subjects      []string
	predicateType string
	threshold     int
	at            string
	assumeRevoked []string
	beside        besideFlags
	expect        count
	failFast      bool
}

// AddFlags registers the flags.
func (o *verifyOptions) AddFlags(fs *pflag.FlagSet) {
	o.addTrust(fs)
	fs.BoolVar(&o.policy.print, flagPrintPolicy, false, "print the policy that the flags amount to, and verify nothing")
	o.rendering.AddFlags(fs)
	o.addDemands(fs)
	o.beside.AddFlags(fs)
	fs.Var(&o.expect, flagExpect, "demand that exactly `N` distinct signed documents are verified")
	fs.BoolVar(&o.failFast, "fail-fast", false, "stop at the first result, in order, that is not verified")
	fs.StringArrayVar(&o.assumeRevoked, "assume-revoked", nil, "show what would fall if a key were revoked from a time on: `KEYID@TIME`; repeatable")
}

// addTrust registers the flags that say whose signatures count, and when.
func (o *verifyOptions) addTrust(fs *pflag.FlagSet) {
	o.trust.addKeys(fs)
	o.trust.AddFlags(fs)
	o.proofs.AddFlags(fs)
	o.policy.AddFlags(fs)
	fs.StringVar(&o.at, "at", "", "judge keys at `TIME` (RFC 3339) instead of now")
}

// addDemands registers the flags that demand something of the evidence.
func (o *verifyOptions) addDemands(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.subjects, "subject", nil, "demand that the evidence is about `FILE|NAME@sha256:HEX|sha256:HEX`; repeatable")
	fs.StringVar(&o.predicateType, "type", "", "demand a predicate type, by short name or `URI`")
	fs.IntVar(&o.threshold, "threshold", 1, "demand signatures by `N` distinct holders")
}

func runVerify(ctx context.Context, s *session, o *verifyOptions, names []string) error {
	if err := stdinOnce(slices.Concat(names, o.subjects)...); err != nil {
		return err
	}
	policy, closers, err := o.demands(ctx, s)
	defer closers.close()
	if err != nil {
		return err
	}
	verdict, err := o.rendering.open(ctx, s, names, report.Reservations(len(policy.Subjects) > 0, len(policy.AssumeRevoked) > 0))
	if err != nil {
		return err
	}
	defer verdict.Abort()
	beside, err := o.beside.open(s, names, closers)
	if err != nil {
		return err
	}
	in := gather.New(names, gather.Options{Stdin: s.Stdin, About: digestsOf(policy.Subjects), Beside: beside})
	defer in.Close()
	whole, err := o.stream(ctx, s, policy, in, verdict)
	if whole == nil {
		return hintEvidenceBeside(err, names)
	}
	whole.Time.Source = timeSource(o.at)
	whole.Profile.Standing = standing(whole.Profile.Name, version.Module())
	if err := verdict.Close(whole); err != nil {
		return err
	}
	return settled(whole.Exit)
}

// bulkGCPercent is how much the heap may grow between two garbage collections while
// any number of pieces is judged. What is live is a few megabytes then, and collecting
// less often saves a sixth of the processor time beside signatures.
const bulkGCPercent = 600

// stream judges the inputs.
func (o *verifyOptions) stream(ctx context.Context, s *session, p *verify.Policy, in *gather.Inputs, to report.Writer) (*verify.Report, error) {
	v, err := verify.NewVerifier(p)
	if err != nil {
		return nil, err
	}
	if in.Bulk() {
		defer debug.SetGCPercent(debug.SetGCPercent(bulkGCPercent))
	}
	progress := s.ui.Progress()
	defer progress.Done()
	return v.Stream(ctx, in, verify.StreamOptions{
		Together: !in.Bulk(), Expect: int(o.expect), FailFast: o.failFast,
		Progress: func(read int, c *verify.Counts) {
			progress.Tell(func() string { return progressWords(read, c) })
		},
	}, to)
}

// progressWords say how far a verification is.
func progressWords(read int, c *verify.Counts) string {
	if c.Results == 0 {
		return "stella: " + ui.Count(read) + " read"
	}
	words := "stella: " + ui.Count(c.Verified) + " verified"
	if failed := c.Rejected + c.Unread; failed > 0 {
		words += ", " + ui.Count(failed) + " not"
	}
	return words
}

// closeList is the inputs of one verification, which must all stay open until
// the verdict.
type closeList []io.Closer

func (c *closeList) add(f io.Closer) { *c = append(*c, f) }

func (c *closeList) close() {
	for _, f := range *c {
		f.Close()
	}
}

func (o *verifyOptions) demands(ctx context.Context, s *session) (*verify.Policy, *closeList, error) {
	closers := &closeList{}
	if err := checkThreshold(o.threshold); err != nil {
		return nil, closers, err
	}
	p := &verify.Policy{Threshold: o.threshold, Spellings: predicate.Spellings, At: s.Now(), Profile: s.config.Profile}
	var err error
	if o.at != "" {
		if p.At, err = parseInstant("at", o.at); err != nil {
			return nil, closers, err
		}
	}
	if p.AssumeRevoked, err = parseAssumed(o.assumeRevoked); err != nil {
		return nil, closers, err
	}
	if o.predicateType != "" {
		if p.PredicateType, err = predicate.Resolve(o.predicateType); err != nil {
			return nil, closers, err
		}
	}
	file, err := o.policy.load(s)
	if err != nil {
		return nil, closers, err
	}
	o.trust.named = file != nil && file.NamesIdentities()
	o.trust.bundle = bundleUse{policy: file, replaceUnsafe: o.policy.replaceUnsafe, rules: true}
	if err := o.trust.apply(ctx, s, p); err != nil {
		return nil, closers, err
	}
	if o.policy.replaceUnsafe && p.Bundle == nil {
		return nil, closers, fault.New(fault.UsageInvalid, "--%s is about the policy of a trust bundle, and none is used", flagReplacePolicy)
	}
	if err := o.proofs.apply(p); err != nil {
		return nil, closers, err
	}
	if p.Subjects, err = openArtifacts(s, o.subjects, closers); err != nil || file == nil {
		return p, closers, err
	}
	return p, closers, file.Apply(p)
}

// parseAssumed reads the values of --assume-revoked.
func parseAssumed(texts []string) ([]verify.AssumedRevocation, error) {
	var out []verify.AssumedRevocation
	for _, text := range texts {
		id, at, found := strings.Cut(text, "@")
		if !found {
			return nil, fault.New(fault.UsageInvalid, "--assume-revoked %q is not KEYID@TIME", text).
				WithHint("write sha256:HEX@2026-11-23T12:00:00Z; stella keys show prints the key id")
		}
		t, err := parseInstant("assume-revoked", at)
		if err != nil {
			return nil, err
		}
		out = append(out, verify.AssumedRevocation{KeyID: id, RevokedAt: t})
	}
	return out, nil
}

// timeSource says where the time of verification is from; at is the flag's value.
func timeSource(at string) string {
	if at != "" {
		return "--at"
	}
	return "system clock"
}

// openArtifacts turns --subject values into what evidence is compared with.
func openArtifacts(s *session, texts []string, closers *closeList) ([]verify.Artifact, error) {
	var out []verify.Artifact
	for _, text := range texts {
		subject, isDigest, err := predicate.ParseDigest(text)
		if err != nil {
			return nil, err
		}
		if isDigest {
			out = append(out, verify.Artifact{Name: subject.Name, Digest: subject.Digest})
			continue
		}
		f, err := input.Open(text, s.Stdin, input.MaxArtifact)
		if err != nil {
			return nil, err
		}
		closers.add(f)
		content, err := f.Content()
		if err != nil {
			return nil, err
		}
		out = append(out, verify.Artifact{Name: text, Digest: map[string]string{"sha256": content.SHA256Hex()}, Content: content})
	}
	return out, nil
}

// hintEvidenceBeside answers a document given instead of its evidence with the
// command that was meant.
func hintEvidenceBeside(err error, names []string) error {
	var f *fault.Error
	if len(names) != 1 || fault.ReasonOf(err) != fault.NotEvidence || !errors.As(err, &f) {
		return err
	}
	name := names[0]
	exists := func(suffix string) bool {
		_, err := os.Stat(name + suffix)
		return err == nil
	}
	for _, suffix := range append(bundle.Suffixes(), ".sig") {
		if !exists(suffix) {
			continue
		}
		if certificate := ".pem"; suffix == ".sig" && exists(certificate) {
			return f.WithHint("did you mean: stella verify %s --certificate %s --subject %s --trusted-root FILE --certificate-identity NAME --certificate-oidc-issuer URL",
				name+suffix, name+certificate, name)
		}
		return f.WithHint("did you mean: stella verify %s --subject %s --key KEY.pub", name+suffix, name)
	}
	return f
}
