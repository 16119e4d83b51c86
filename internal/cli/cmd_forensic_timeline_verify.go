package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ui"
)

func newForensicTimelineVerifyCommand(a *app) *cobra.Command {
	var opts timelineVerifyOptions
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
	cmd.Flags().StringVar(&opts.checkpoint, "checkpoint", "", "hold the timeline to the checkpoint in `FILE`, which was kept elsewhere")
	cmd.Flags().StringVar(&opts.key, "key", "", "verify checkpoints with the verifier key in `FILE`, as timeline show --public-key printed it")
	return cmd
}

type timelineVerifyOptions struct{ checkpoint, key string }

func runForensicTimelineVerify(ctx context.Context, s *session, o *timelineVerifyOptions, path string) error {
	if err := stdinOnce(path, o.checkpoint, o.key); err != nil {
		return err
	}
	in, err := input.OpenStream(path, s.Stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	checkpoints, problem, err := o.checkpoints(s, path)
	if err != nil {
		return err
	}
	report, err := timeline.Verify(ctx, in, timeline.Options{Checkpoints: checkpoints})
	if err != nil {
		return err
	}
	report.Add(problem)
	if report.Events == 0 && report.ProblemCount == 0 {
		return fault.New(fault.TimelineMalformed, "%s holds no event", input.Display(path)).With("path", path)
	}
	verdict := newTimelineVerdict(path, report)
	if err := s.ui.Show(verdict); err != nil {
		return err
	}
	return settled(verdict.Exit)
}

// checkpoints returns the checkpoint that was kept and the one beside the timeline. A
// signature that does not verify is a problem of the timeline, and no failure to
// judge it.
func (o *timelineVerifyOptions) checkpoints(s *session, path string) (list []chain.Compared, problem error, err error) {
	key, err := o.verifierKey(s, path)
	if fault.ReasonOf(err) == fault.InputNotFound && o.key == "" && o.checkpoint == "" {
		return nil, nil, nil // neither key nor checkpoint was asked for, and there is none
	}
	if err != nil {
		return nil, nil, err
	}
	if o.checkpoint != "" {
		text, err := readShort(s, o.checkpoint, chain.MaxCheckpoint)
		if err != nil {
			return nil, nil, err
		}
		c, err := timeline.OpenCheckpoint(text, key)
		if err != nil {
			return nil, nil, fault.Wrap(fault.ReasonOf(err), err, "%s", input.Display(o.checkpoint))
		}
		list = append(list, chain.NewCompared(c, o.checkpoint, true))
	}
	text, err := timeline.NewestCheckpoint(path)
	if fault.ReasonOf(err) == fault.InputNotFound {
		return list, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := timeline.OpenCheckpoint(text, key)
	if err != nil {
		return list, err, nil
	}
	return append(list, chain.NewCompared(c, "the checkpoint beside the timeline", false)), nil, nil
}

func (o *timelineVerifyOptions) verifierKey(s *session, path string) (string, error) {
	if o.key == "" {
		return timeline.VerifierKey(path)
	}
	text, err := readShort(s, o.key, chain.MaxCheckpoint)
	return string(text), err
}

// timelineVerdict is what verifying a timeline came to.
type timelineVerdict struct {
	Schema   string       `json:"schema"`
	Timeline string       `json:"timeline"`
	Verified bool         `json:"verified"`
	Exit     int          `json:"exit"`
	Reason   fault.Reason `json:"reason,omitempty"`
	// Anchored is up to which event a checkpoint kept elsewhere covers the timeline.
	Anchored uint64 `json:"anchored"`
	*timeline.Report
}

func newTimelineVerdict(path string, report *timeline.Report) *timelineVerdict {
	v := &timelineVerdict{Schema: "stella.ops/timelineVerdict@v1", Timeline: path, Verified: true, Anchored: report.Anchored(), Report: report}
	if err := report.Err(); err != nil {
		v.Verified, v.Reason = false, fault.ReasonOf(err)
		v.Exit = v.Reason.Exit()
	}
	return v
}

// Text implements ui.Result.
func (v *timelineVerdict) Text(p *ui.Printer) {
	p.Line(ui.Styled(ui.Strong, "stella forensic timeline verify  "), ui.T(plural(int(v.Events), "event")))
	pairs := []ui.Pair{ui.P("timeline", ui.T(v.Timeline))}
	if v.Events > 0 {
		pairs = append(pairs,
			ui.P("from", ui.T(v.First.Format(time.RFC3339))), ui.P("to", ui.T(v.Last.Format(time.RFC3339))),
			ui.P("head", p.Digest("sha256:"+v.Head)))
	}
	if v.Redacted > 0 {
		pairs = append(pairs, ui.P("redacted", ui.T(fmt.Sprintf("%s, %d without its content", plural(v.Redacted, "event"), v.Removed))))
	}
	p.Pairs(append(pairs, ui.P("tail", ui.T(v.tail())))...)
	if v.Unfinished > 0 {
		p.Status(ui.Warned, ui.T(fmt.Sprintf("the last %d bytes are the beginning of an event: a write was cut off, or is going on", v.Unfinished)))
	}
	for i, problem := range v.Problems {
		if i == maxShownProblems {
			p.Line(ui.T(fmt.Sprintf("and %d more", v.ProblemCount-i)))
			break
		}
		where := ""
		if problem.Line > 0 {
			where = fmt.Sprintf("line %d: ", problem.Line)
		}
		p.Status(ui.Failed, ui.T(where+problem.Message))
	}
	switch {
	case !v.Verified:
		p.Status(ui.Failed, ui.Styled(ui.Bad, "not verified"), ui.T(fmt.Sprintf(": %s (exit %d)", v.Reason, v.Exit)))
	case v.Anchored == 0:
		p.Status(ui.Passed, ui.Styled(ui.Good, "verified"), ui.T(", but tail not anchored"))
	default:
		p.Status(ui.Passed, ui.Styled(ui.Good, "verified"))
	}
}

// tail says how far a checkpoint kept elsewhere vouches for the timeline.
func (v *timelineVerdict) tail() string {
	switch v.Anchored {
	case 0:
		return "not anchored: no checkpoint that was kept elsewhere was given (--checkpoint)"
	case v.Events:
		return "anchored"
	}
	return fmt.Sprintf("anchored up to event %d", v.Anchored)
}
