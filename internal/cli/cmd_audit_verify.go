package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
)

func newAuditVerifyCommand(a *app) *cobra.Command {
	var opts checkpointFlags
	cmd := &cobra.Command{
		Use:   "verify [LOG]",
		Short: "verify the audit log",
		Long: `Hold the audit log to its own hash chain, which finds records that were edited,
removed or reordered. Nothing in a log can tell that its end was cut off, or
that all of it was written anew: that takes a checkpoint that was kept elsewhere
(see stella audit show). Without one the verdict says "tail not anchored".

The checkpoint is verified with the key that --key gives, else with the one
beside the log, which who can write the log can replace.`,
		Example: `  stella audit verify
  stella audit verify --checkpoint kept.checkpoint --key audit.vkey`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runAuditVerify(s, &opts, args)
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	opts.register(cmd, chainedFile{audit.Kind(), "log", "audit show"})
	return cmd
}

func runAuditVerify(s *session, o *checkpointFlags, args []string) error {
	if err := stdinOnce(o.checkpoint, o.key); err != nil {
		return err
	}
	path, err := auditArg(s, args)
	if err != nil {
		return err
	}
	log, err := audit.OpenReader(path)
	if err != nil {
		return err
	}
	defer log.Close()
	checkpoints, problem, err := o.open(s, path)
	if err != nil {
		return err
	}
	report, err := audit.Verify(log, checkpoints...)
	if err != nil {
		return err
	}
	report.Add(problem)
	verdict := newAuditVerdict(path, report)
	if err := s.ui.Show(verdict); err != nil {
		return err
	}
	return settled(verdict.Exit)
}

// auditVerdict is what verifying a log came to.
type auditVerdict struct {
	Schema string `json:"schema"`
	Log    string `json:"log"`
	chainStanding
	*audit.Report
}

func newAuditVerdict(path string, report *audit.Report) *auditVerdict {
	return &auditVerdict{"stella.ops/auditVerdict@v1", path, newChainStanding(report.Anchored(), report.Err()), report}
}

// Text implements ui.Result.
func (v *auditVerdict) Text(p *ui.Printer) {
	p.Line(ui.Styled(ui.Strong, "stella audit verify  "), ui.T(fmt.Sprintf("%s in %s", plural(int(v.Records), "record"), plural(v.Segments, "file"))))
	pairs := []ui.Pair{ui.P("log", ui.T(v.Log))}
	if v.Records > 0 {
		pairs = append(pairs,
			ui.P("from", ui.T(v.First.Format(time.RFC3339))), ui.P("to", ui.T(v.Last.Format(time.RFC3339))),
			ui.P("head", p.Digest("sha256:"+v.Head)))
	}
	p.Pairs(append(pairs, ui.P("tail", ui.T(v.tail(v.Records, "record"))))...)
	for _, r := range v.Recovered {
		p.Status(ui.Warned, ui.T(fmt.Sprintf("record %d, %s: %s", r.Seq, r.Time.Format(time.RFC3339), r.Note)))
	}
	if v.Unfinished > 0 {
		p.Status(ui.Warned, ui.T(fmt.Sprintf("the last %d bytes are the beginning of a record: a write was cut off, or is going on", v.Unfinished)))
	}
	v.text(p, v.Problems, v.ProblemCount)
}
