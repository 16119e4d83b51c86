package cli

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
)

func newForensicSnapshotCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "snapshot",
		Short: "put the evidence of a case into one signed file",
		Long:  "Put the evidence of a case into one signed file.",
	},
		newForensicSnapshotCreateCommand(a),
	)
}

func newForensicSnapshotCreateCommand(a *app) *cobra.Command {
	var opts snapshotOptions
	cmd := &cobra.Command{
		Use:   "create FILE|DIR...",
		Short: "create and sign a snapshot of a case",
		Long: `Put files and directories, offline kits, archives and image layouts among
them, into one snapshot with a manifest, checksums and a Merkle root, and sign
it. Nothing of the evidence is changed: archives and layouts go in as they
are, signed evidence is found by its content and gets a section of its own. The
private keys that stella keeps beside timelines and logs are left out, unless a
key itself is named.

The output is an archive by its name (.tar.gz, .tar.zst, .tar), else a new
directory with the same files. The same inputs give the same bytes;
SOURCE_DATE_EPOCH fixes the time.

A snapshot that holds no evidence, nor a timeline or a note, is made with a
warning.

--timeline takes the timeline of the case in, as it is then; it has to verify.
--events adds events to that timeline first, once the keys are open, the inputs
are there and every line is an event: what was added stays.`,
		Example: `  stella forensic snapshot create evidence app.tar.gz --case CASE-7 --timeline case.ndjson --key ci.key -o case-7.tar.zst
  stella forensic snapshot create evidence --case CASE-7 --note 'as found' --key ci.key --key team.key -o case-7.tar.gz
  stella forensic snapshot create evidence --case CASE-7 --key ci.key -o case-7`,
		Args: wantArgs("FILE|DIR..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runForensicSnapshotCreate(cmd.Context(), s, &opts, args)
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type snapshotOptions struct {
	sign             signFlags
	caseID, tenant   string
	timeline, events string
	notes            []string
}

// AddFlags registers the flags.
func (o *snapshotOptions) AddFlags(fs *pflag.FlagSet) {
	o.sign.envelope = newChoice("", envelopeDSSE)
	o.sign.envelope.value = envelopeDSSE
	fs.StringVar(&o.caseID, "case", "", "`ID` of the case")
	fs.StringVar(&o.tenant, "tenant", "", "tenant, a `UUID` of version 4 as 32 hex digits")
	fs.StringVar(&o.timeline, "timeline", "", "take in the timeline in `FILE`")
	fs.StringVar(&o.events, "events", "", "add an event for each JSON line of `FILE|-` to the timeline first")
	fs.StringArrayVar(&o.notes, "note", nil, "keep a note on the case in the manifest; repeatable")
	fs.StringArrayVar(&o.sign.keys, "key", nil, "sign with the key that `REF` names; repeat it for several signatures")
	fs.StringVarP(&o.sign.output.path, "output", "o", "", "write the archive `FILE` (.tar.gz, .tar.zst, .tar), or a new directory")
	o.sign.output.addForce(fs)
	o.sign.secrets.AddFlags(fs)
	addKeyring(fs)
	addAuditFlag(fs)
}

func (o *snapshotOptions) check(names []string) error {
	if o.sign.output.onStdout() {
		return fault.New(fault.OutputRequired, "a snapshot goes into a file or a directory").WithHint("say which: -o CASE.tar.zst")
	}
	if err := o.checkIDs(); err != nil {
		return err
	}
	if o.events != "" && o.timeline == "" {
		return fault.New(fault.UsageInvalid, "--events are added to a timeline, and none was given").WithHint("say --timeline FILE")
	}
	if slices.Contains(names, "-") {
		return fault.New(fault.UsageInvalid, "standard input (-) can be read once, and a snapshot reads everything twice").
			WithHint("keep it in a file and name that")
	}
	return o.sign.checkKeys()
}

func (o *snapshotOptions) checkIDs() error {
	if o.caseID == "" {
		return fault.New(fault.UsageInvalid, "a snapshot needs --case").WithHint("say which case it is of: --case ID")
	}
	if err := forensic.CheckCase(o.caseID); err != nil {
		return fault.New(fault.UsageInvalid, "--case %q is no id: %v", o.caseID, err)
	}
	if o.tenant != "" && !forensic.IsTenant(o.tenant) {
		return fault.New(fault.UsageInvalid, "--tenant %q is no UUID of version 4 as 32 lower-case hex digits", o.tenant).
			WithHint("leave it out if there are no tenants")
	}
	return nil
}

func runForensicSnapshotCreate(ctx context.Context, s *session, o *snapshotOptions, names []string) error {
	if err := o.check(names); err != nil {
		return err
	}
	at, err := s.artefactTime()
	if err != nil {
		return err
	}
	path := o.sign.output.path
	kind := atomicfile.Options{Force: o.sign.output.force, Inputs: slices.Concat(o.sign.files(), names, []string{o.timeline})}
	if err := checkSnapshotOutput(path, kind); err != nil {
		return err
	}
	opened, err := o.sign.openKeys(ctx, s, audit.Use{Content: audit.Content{PredicateType: forensic.PredicateType}})
	if err != nil {
		return err
	}
	options := forensic.Options{Case: o.caseID, Tenant: o.tenant, At: at, Notes: o.notes, Timeline: o.timeline, Output: path}
	if o.events != "" {
		if err := addFirst(ctx, s, names, o.events, options); err != nil {
			return err
		}
	}
	d, err := forensic.NewDraft(ctx, names, options)
	if err != nil {
		return err
	}
	defer d.Close()
	for _, passed := range d.PassedOver {
		s.ui.Warn("not in the snapshot: %s", passed)
	}
	if d.Empty() {
		s.ui.Warn("the snapshot holds no evidence: there is no file in %s", strings.Join(names, ", "))
	}
	out, err := newSnapshotOutput(ctx, path, kind)
	if err != nil {
		return err
	}
	defer out.abort()
	sealed, err := o.seal(ctx, s, d, opened, out)
	if err != nil {
		return err
	}
	return s.ui.Show(newSnapshotResult(d, sealed))
}

// seal signs a draft and writes it.
func (o *snapshotOptions) seal(ctx context.Context, s *session, d *forensic.Draft, opened *openedKeys, out *snapshotOutput) (*sealedResult, error) {
	what := audit.Use{
		Content: audit.Content{SubjectCount: len(d.Subjects), PredicateType: forensic.PredicateType},
		Message: audit.Observe(d.Message),
	}
	for _, subject := range d.Subjects {
		what.Subjects = append(what.Subjects, predicate.MainDigest(subject.Digest))
	}
	signers, err := opened.recorded(what)
	if err != nil {
		return nil, err
	}
	signature, sealed, err := sealEnvelope(ctx, what.Message, signers)
	if err != nil {
		return nil, err
	}
	sink, err := out.open(d.Manifest.CreatedAt)
	if err != nil {
		return nil, err
	}
	if err := d.Write(sink, signature); err != nil {
		return nil, err
	}
	if err := s.trail.checkpoint(); err != nil {
		return nil, err
	}
	if err := out.commit(); err != nil {
		return nil, err
	}
	return newSealedResult(s, &o.sign, sealed, signers), nil
}

func sealEnvelope(ctx context.Context, m dsse.Message, signers []dsse.Signer) ([]byte, *bundle.Sealed, error) {
	var signature bytes.Buffer
	sealed, err := bundle.WriteEnvelope(ctx, &signature, m, signers...)
	return signature.Bytes(), sealed, err
}

// snapshotResult says what is in a snapshot.
type snapshotResult struct {
	Case     string `json:"case"`
	BundleID string `json:"bundleId"`
	Entries  uint64 `json:"entries"`
	Size     int64  `json:"sizeBytes"`
	Root     string `json:"merkleRoot"`
	Recipe   string `json:"merkleRecipe"`
	Events   uint64 `json:"timelineEvents"`
	*sealedResult
}

func newSnapshotResult(d *forensic.Draft, sealed *sealedResult) *snapshotResult {
	r := &snapshotResult{
		Case: d.Manifest.Case, BundleID: d.Manifest.BundleID, Entries: d.Entries, Size: d.Size,
		Root: d.Manifest.HashSummary.MerkleRoot, Recipe: d.Manifest.HashSummary.MerkleRecipe, sealedResult: sealed,
	}
	if t := d.Manifest.Timeline; t != nil {
		r.Events = t.Events
	}
	return r
}

// Text implements ui.Result.
func (r *snapshotResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T("created a snapshot of "+plural(int(r.Entries), "file")))
	pairs := []ui.Pair{ui.P("case", ui.T(r.Case)), ui.P("root", p.Digest("sha256:"+r.Root), ui.T("  "+r.Recipe))}
	if r.Events > 0 {
		pairs = append(pairs, ui.P("timeline", ui.T(plural(int(r.Events), "event"))))
	}
	p.Pairs(append(pairs, r.sealedResult.pairs(p)...)...)
}
