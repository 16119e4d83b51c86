package cli

import (
	"context"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/verify"
)

func newForensicVerifyCommand(a *app) *cobra.Command {
	var opts forensicVerifyOptions
	cmd := &cobra.Command{
		Use:   "verify SNAPSHOT|DIR|PROOF|-",
		Short: "verify a snapshot and all evidence in it",
		Long: `Verify a snapshot, in an archive, unpacked in a directory, or through standard
input, in one pass and without a network: the signature over its manifest,
every entry against manifest and checksums, the Merkle root, the timeline, the
signatures, log proofs and time stamps of all evidence in it, also of images in
image layouts and in files of their own, and what evidence says of other
evidence in the snapshot. Everything that is wrong is named, each at its place;
a proof that proves nothing is said to be not established. A proof that
forensic prove wrote is verified as well.

Signatures are judged as by stella verify: by the keys and identities that are
named, else by the active trust bundle, each at the time that is proven for
it, else now or --at. Policy and demanded proofs go for the snapshot's
signature and for each piece of evidence, --threshold for the snapshot's
alone.

--case says which case the snapshot must be of. Evidence is never changed.`,
		Example: `  stella forensic verify case-7.tar.zst --key ci.key.pub
  stella forensic verify case-7.tar.zst --key ci.key.pub --case CASE-7 --format json
  cat case-7.tar.zst | stella forensic verify - --key ci.key.pub`,
		Args: wantArgs("SNAPSHOT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runForensicVerify(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type forensicVerifyOptions struct {
	verify verifyOptions // whose demands are made of all signatures
	caseID string
	// subject is what the entry of a proof must be.
	subject []string
	// threshold is that of the snapshot's own signature.
	threshold int
}

// AddFlags registers the flags.
func (o *forensicVerifyOptions) AddFlags(fs *pflag.FlagSet) {
	o.addDemands(fs)
	o.verify.rendering.AddFlags(fs)
	fs.StringArrayVar(&o.subject, "subject", nil, "of a proof, demand that it is about `FILE|NAME@sha256:HEX|sha256:HEX`")
}

// addDemands registers the flags that say what is demanded of a snapshot.
func (o *forensicVerifyOptions) addDemands(fs *pflag.FlagSet) {
	o.verify.addTrust(fs)
	fs.IntVar(&o.threshold, "threshold", 1, "demand signatures over the snapshot itself by `N` distinct holders")
	fs.StringVar(&o.caseID, "case", "", "demand that the snapshot is of the case `ID`")
}

// demands returns what is demanded of all signatures.
func (o *forensicVerifyOptions) demands(ctx context.Context, s *session) (*verify.Policy, *closeList, error) {
	if err := checkThreshold(o.threshold); err != nil {
		return nil, &closeList{}, err
	}
	o.verify.threshold = 1
	return o.verify.demands(ctx, s)
}

func runForensicVerify(ctx context.Context, s *session, o *forensicVerifyOptions, name string) error {
	policy, closers, err := o.demands(ctx, s)
	defer closers.close()
	if err != nil {
		return err
	}
	proof, err := openProof(s, name)
	switch {
	case err != nil:
		return err
	case proof != nil:
		return o.judgeProof(ctx, s, policy, name, proof)
	case len(o.subject) > 0:
		return fault.New(fault.UsageInvalid, "--subject goes with a proof: evidence in a snapshot is compared with the rest of it")
	}
	return o.judge(ctx, s, policy, name, nil)
}

// newObject returns the rendering as one JSON object of the verdict over a snapshot,
// which it keeps in to, or over a proof.
func newObject(to **report.SnapshotJSON, p *forensic.Proof) func(context.Context, io.Writer, report.Options) report.Writer {
	return func(ctx context.Context, w io.Writer, o report.Options) report.Writer {
		object := report.NewSnapshotJSON(ctx, w, o)
		if p != nil {
			object.Claims = report.Snapshot{Case: p.Case, MerkleRoot: p.Merkle.Root, Entries: 1}
		}
		if to != nil {
			*to = object
		}
		return object
	}
}

// snapshotMemory is what a verification should hold, in bytes, before it collects what
// is not needed any more. What is live of two million entries is less; without a bound
// the collector would wait for twice as much.
const snapshotMemory = 120 << 20

// snapshotGarbage is how much may be collected later than it usually is, in percent of what is
// live: while there is little of it, it is collected every few milliseconds else.
const snapshotGarbage = 150

// boundMemory sets snapshotMemory, unless less was set from outside, and snapshotGarbage, unless
// anything was, and returns what takes it back.
func boundMemory() (restore func()) {
	limit, percent := debug.SetMemoryLimit(-1), debug.SetGCPercent(snapshotGarbage)
	if limit > snapshotMemory {
		debug.SetMemoryLimit(snapshotMemory)
	}
	if percent != 100 {
		debug.SetGCPercent(percent)
	}
	return func() { debug.SetMemoryLimit(limit); debug.SetGCPercent(percent) }
}

// judge verifies a snapshot and renders the verdict, as a case file if there is one to
// make.
func (o *forensicVerifyOptions) judge(ctx context.Context, s *session, policy *verify.Policy, name string, file *caseFile) error {
	members, in, err := forensic.Open(name, s.Stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	var object *report.SnapshotJSON
	d := document{
		ctx: ctx, s: s, inputs: []string{name}, named: namedWords([]string{name}),
		json: newObject(&object, nil),
	}
	file.of(&d)
	to, err := o.verify.rendering.openDocument(d)
	if err != nil {
		return err
	}
	defer to.Abort()
	defer boundMemory()()
	progress := s.ui.Progress()
	defer progress.Done()
	verdict, err := forensic.Verify(ctx, members, forensic.VerifyOptions{
		Name: name, Case: o.caseID, Policy: policy, Threshold: o.threshold,
		Progress: func(entries int) {
			progress.Tell(func() string { return "stella: " + ui.Count(entries) + " entries read" })
		},
		Observer: file.observer(),
	}, to)
	if err != nil {
		return err
	}
	if object != nil {
		m := &verdict.Manifest
		object.Claims = report.Snapshot{
			Case: m.Case, BundleID: m.BundleID, CreatedAt: m.CreatedAt, MerkleRoot: m.HashSummary.MerkleRoot,
			Entries: verdict.Entries, Size: verdict.Size,
		}
	}
	file.about(verdict)
	whole := verdict.Whole
	whole.Time.Source = timeSource(o.verify.at)
	whole.Profile.Standing = standing(whole.Profile.Name, version.Module())
	if err := to.Close(whole); err != nil {
		return err
	}
	return settled(whole.Exit)
}
