package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ui"
)

func newAuditVerifyCommand(a *app) *cobra.Command {
	var opts auditVerifyOptions
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
	cmd.Flags().StringVar(&opts.checkpoint, "checkpoint", "", "hold the log to the checkpoint in `FILE`, which was kept elsewhere")
	cmd.Flags().StringVar(&opts.key, "key", "", "verify checkpoints with the verifier key in `FILE`, as audit show --public-key printed it")
	return cmd
}

type auditVerifyOptions struct{ checkpoint, key string }

func runAuditVerify(s *session, o *auditVerifyOptions, args []string) error {
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
	checkpoints, problem, err := o.checkpoints(s, path)
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

// checkpoints returns the checkpoint that was kept and the one beside the log. A
// signature that does not verify is a problem of the log, and no failure to judge it.
func (o *auditVerifyOptions) checkpoints(s *session, path string) (list []audit.Compared, problem error, err error) {
	key, err := o.verifierKey(s, path)
	if fault.ReasonOf(err) == fault.InputNotFound && o.key == "" && o.checkpoint == "" {
		return nil, nil, nil // neither key nor checkpoint was asked for, and there is none
	}
	if err != nil {
		return nil, nil, err
	}
	if o.checkpoint != "" {
		text, err := readShort(s, o.checkpoint, audit.MaxCheckpoint)
		if err != nil {
			return nil, nil, err
		}
		c, err := audit.OpenCheckpoint(text, key)
		if err != nil {
			return nil, nil, fault.Wrap(fault.ReasonOf(err), err, "%s", input.Display(o.checkpoint))
		}
		list = append(list, audit.NewCompared(c, o.checkpoint, true))
	}
	text, err := audit.NewestCheckpoint(path)
	if fault.ReasonOf(err) == fault.InputNotFound {
		return list, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := audit.OpenCheckpoint(text, key)
	if err != nil {
		return list, err, nil
	}
	return append(list, audit.NewCompared(c, "the checkpoint beside the log", false)), nil, nil
}

func (o *auditVerifyOptions) verifierKey(s *session, path string) (string, error) {
	if o.key == "" {
		return audit.VerifierKey(path)
	}
	text, err := readShort(s, o.key, audit.MaxCheckpoint)
	return string(text), err
}

func readShort(s *session, name string, limit int64) ([]byte, error) {
	f, err := input.Open(name, s.Stdin, limit)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadAll()
}

// auditVerdict is what verifying a log came to.
type auditVerdict struct {
	Schema   string       `json:"schema"`
	Log      string       `json:"log"`
	Verified bool         `json:"verified"`
	Exit     int          `json:"exit"`
	Reason   fault.Reason `json:"reason,omitempty"`
	// Anchored is up to which record a checkpoint kept elsewhere covers the log.
	Anchored uint64 `json:"anchored"`
	*audit.Report
}

func newAuditVerdict(path string, report *audit.Report) *auditVerdict {
	v := &auditVerdict{Schema: "stella.ops/auditVerdict@v1", Log: path, Verified: true, Anchored: report.Anchored(), Report: report}
	if err := report.Err(); err != nil {
		v.Verified, v.Reason = false, fault.ReasonOf(err)
		v.Exit = v.Reason.Exit()
	}
	return v
}

// maxShownProblems bounds the problems in the text form; JSON has more.
const maxShownProblems = 10

// Text implements ui.Result.
func (v *auditVerdict) Text(p *ui.Printer) {
	p.Line(ui.Styled(ui.Strong, "stella audit verify  "), ui.T(fmt.Sprintf("%s in %s", plural(int(v.Records), "record"), plural(v.Segments, "file"))))
	pairs := []ui.Pair{ui.P("log", ui.T(v.Log))}
	if v.Records > 0 {
		pairs = append(pairs,
			ui.P("from", ui.T(v.First.Format(time.RFC3339))), ui.P("to", ui.T(v.Last.Format(time.RFC3339))),
			ui.P("head", p.Digest("sha256:"+v.Head)))
	}
	p.Pairs(append(pairs, ui.P("tail", ui.T(v.tail())))...)
	for _, r := range v.Recovered {
		p.Status(ui.Warned, ui.T(fmt.Sprintf("record %d, %s: %s", r.Seq, r.Time.Format(time.RFC3339), r.Note)))
	}
	if v.Unfinished > 0 {
		p.Status(ui.Warned, ui.T(fmt.Sprintf("the last %d bytes are the beginning of a record: a write was cut off, or is going on", v.Unfinished)))
	}
	for i, problem := range v.Problems {
		if i == maxShownProblems {
			p.Line(ui.T(fmt.Sprintf("and %d more", v.ProblemCount-i)))
			break
		}
		p.Status(ui.Failed, ui.T(problem))
	}
	if v.Verified {
		p.Status(ui.Passed, ui.Styled(ui.Good, "verified"), ui.T(v.reservation()))
		return
	}
	p.Status(ui.Failed, ui.Styled(ui.Bad, "not verified"), ui.T(fmt.Sprintf(": %s (exit %d)", v.Reason, v.Exit)))
}

// tail says how far a checkpoint kept elsewhere vouches for the log.
func (v *auditVerdict) tail() string {
	switch v.Anchored {
	case 0:
		return "not anchored: no checkpoint that was kept elsewhere was given (--checkpoint)"
	case v.Records:
		return "anchored"
	}
	return fmt.Sprintf("anchored up to record %d", v.Anchored)
}

func (v *auditVerdict) reservation() string {
	if v.Anchored == 0 {
		return ", but tail not anchored"
	}
	return ""
}
