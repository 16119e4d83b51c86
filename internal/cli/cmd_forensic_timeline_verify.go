package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ui"
)

func newForensicTimelineVerifyCommand(a *app) *cobra.Command {
	var opts checkpointFlags
	cmd := &cobra.Command{
		Use:   "verify TIMELINE|-",
		Short: "verify a timeline",
		Long: `Hold a timeline to its own hash chain, which finds events that were edited,
removed, moved, added in between or dated back, forks, and content that was
removed without a redaction notice. Nothing in a timeline can tell that its
end was cut off, or that all of it was written anew: that takes a checkpoint
that was kept elsewhere (see stella forensic timeline show). Without one the
verdict says "tail not anchored".

The checkpoint is verified with the key that --key gives, else with the one
beside the timeline, which who can write the timeline can replace.`,
		Example: `  stella forensic timeline verify case.ndjson
  stella forensic timeline verify case.ndjson --checkpoint case.kept --key case.vkey`,
		Args: wantArgs("TIMELINE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runForensicTimelineVerify(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	opts.register(cmd, chainedFile{timeline.Kind(), "timeline", "timeline show"})
	return cmd
}

func runForensicTimelineVerify(ctx context.Context, s *session, o *checkpointFlags, path string) error {
	if err := stdinOnce(path, o.checkpoint, o.key); err != nil {
		return err
	}
	in, err := input.OpenStream(path, s.Stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	checkpoints, problem, err := o.open(s, path)
	if err != nil {
		return err
	}
	report, err := timeline.Verify(ctx, in, timeline.Options{Checkpoints: checkpoints})
	if err != nil {
		return err
	}
	report.Add(problem)
	if fault.ReasonOf(report.Err()) == fault.TimelineMalformed || report.Events == 0 && report.ProblemCount == 0 {
		return timeline.NotOne(path)
	}
	verdict := newTimelineVerdict(path, report)
	if err := s.ui.Show(verdict); err != nil {
		return err
	}
	return settled(verdict.Exit)
}

// timelineVerdict is what verifying a timeline came to.
type timelineVerdict struct {
	Schema   string `json:"schema"`
	Timeline string `json:"timeline"`
	chainStanding
	*timeline.Report
}

func newTimelineVerdict(path string, report *timeline.Report) *timelineVerdict {
	return &timelineVerdict{"stella.ops/timelineVerdict@v1", path, newChainStanding(report.Anchored(), report.Err()), report}
}

// Text implements ui.Result.
func (v *timelineVerdict) Text(p *ui.Printer) {
	p.Line(ui.Styled(ui.Strong, "stella forensic timeline verify  "), ui.T(plural(int(v.Events)+v.Edited, "event")))
	pairs := []ui.Pair{ui.P("timeline", ui.T(v.Timeline))}
	if v.Events > 0 {
		pairs = append(pairs,
			ui.P("from", ui.T(v.First.Format(time.RFC3339))), ui.P("to", ui.T(v.Last.Format(time.RFC3339))),
			ui.P("head", p.Digest("sha256:"+v.Head)))
	}
	if v.Redacted > 0 {
		pairs = append(pairs, ui.P("redacted", ui.T(fmt.Sprintf("%s, %d without its content", plural(v.Redacted, "event"), v.Removed))))
	}
	p.Pairs(append(pairs, ui.P("tail", ui.T(v.tail(v.Events, "event"))))...)
	if v.Unfinished > 0 {
		p.Status(ui.Warned, ui.T(fmt.Sprintf("the last %d bytes are the beginning of an event: a write was cut off, or is going on", v.Unfinished)))
	}
	var problems []string
	for _, problem := range v.Problems {
		if problem.Line > 0 {
			problem.Message = fmt.Sprintf("line %d: %s", problem.Line, problem.Message)
		}
		problems = append(problems, problem.Message)
	}
	v.text(p, problems, v.ProblemCount)
}
