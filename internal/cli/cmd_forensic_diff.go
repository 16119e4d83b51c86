package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/ui"
)

func newForensicDiffCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "compare two snapshots of a case",
		Long: `Compare two snapshots by what their manifests say: entries that were added,
removed or changed, notes, who claims to have signed, and whether the newer
timeline extends the older one, was cut, or forks from it. Nothing is
verified, and what lies beside a manifest is not looked at, but for the longer
timeline: stella forensic verify does that.

The exit status is 0 if they are equal but for the time at which they were
made, and 3 if they differ.`,
		Example: `  stella forensic diff case-7.tar.zst case-7.tar.zst
  stella forensic diff case-7.tar.zst later.tar.zst  # exit 3`,
		Args: wantArgs("OLD", "NEW"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runForensicDiff(cmd.Context(), s, args[0], args[1])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	return cmd
}

func runForensicDiff(ctx context.Context, s *session, older, newer string) error {
	if older == "-" || newer == "-" {
		return fault.New(fault.UsageInvalid, "standard input (-) can be read once, and a comparison reads snapshots twice").
			WithHint("keep it in a file and name that")
	}
	d, err := forensic.Diff(ctx, forensic.File(older), forensic.File(newer))
	if err != nil {
		return err
	}
	result := &diffResult{Schema: "stella.ops/snapshotDifference@v1", Old: older, New: newer, Difference: d}
	if !d.Equal {
		result.Exit, result.Reason = fault.SnapshotDiffers.Exit(), fault.SnapshotDiffers
	}
	if err := s.ui.Show(result); err != nil {
		return err
	}
	return settled(result.Exit)
}

// diffResult is a difference as it is shown.
type diffResult struct {
	Schema string       `json:"schema"`
	Old    string       `json:"old"`
	New    string       `json:"new"`
	Exit   int          `json:"exit"`
	Reason fault.Reason `json:"reason,omitempty"`
	*forensic.Difference
}

// maxShownDifferences bounds the entries in the text form; JSON has more.
const maxShownDifferences = 100

// Text implements ui.Result.
func (r *diffResult) Text(p *ui.Printer) {
	p.Status(ui.Warned, ui.Styled(ui.Warn, "not verified"), ui.T(": this is what the manifests say"))
	if r.Case != nil {
		p.Line(ui.T(fmt.Sprintf("~ case  %s  was %s", r.Case[1], r.Case[0])))
	}
	for _, name := range r.Members {
		p.Line(ui.T("~ " + name))
	}
	for i, e := range r.Entries {
		if i == maxShownDifferences {
			p.Line(ui.T(fmt.Sprintf("and %d more", r.Added+r.Removed+r.Changed-i)))
			break
		}
		p.Line(ui.T(map[string]string{forensic.Added: "+ ", forensic.Removed: "- ", forensic.Changed: "~ "}[e.Kind] + e.Path))
	}
	if r.Notes {
		p.Line(ui.T("~ notes"))
	}
	for _, id := range r.NewSigner {
		p.Line(ui.T("+ signer  "), p.Digest(id))
	}
	for _, id := range r.OldSigner {
		p.Line(ui.T("- signer  "), p.Digest(id))
	}
	p.Pairs(
		ui.P("entries", ui.T(fmt.Sprintf("%d added, %d removed, %d changed", r.Added, r.Removed, r.Changed))),
		ui.P("timeline", ui.T(r.timelineWords())),
	)
	if r.Equal {
		p.Status(ui.Passed, ui.T("equal"))
		return
	}
	p.Status(ui.Failed, ui.Styled(ui.Bad, "different"), ui.T(fmt.Sprintf(": %s (exit %d)", r.Reason, r.Exit)))
}

func (r *diffResult) timelineWords() string {
	switch r.Timeline {
	case forensic.TimelineNone:
		return "neither manifest names one"
	case forensic.TimelineExtended, forensic.TimelineCut:
		return fmt.Sprintf("%s, from %d to %d events", r.Timeline, r.Events[0], r.Events[1])
	case forensic.TimelineForked:
		return "forked: neither goes on from where the other ends"
	}
	return r.Timeline
}
