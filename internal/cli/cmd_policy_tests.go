package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/policy"
)

func newPolicyTestCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test FILE",
		Short: "try a policy on examples",
		Long: `Verify the examples in FILE by its policy, and compare each verdict with what is
expected there: accepted, or rejected for a reason. Paths are relative to FILE.`,
		Example: `  stella policy test policy-tests.yaml
  stella policy test policy-tests.yaml --format json`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runPolicyTest(cmd.Context(), s, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	addKeyring(cmd.Flags())
	return cmd
}

func runPolicyTest(ctx context.Context, s *session, path string) error {
	text, err := readPolicyText(s, path)
	if err != nil {
		return err
	}
	tests, err := policy.ParseTests(text, path)
	if err != nil {
		return err
	}
	dir := testDir(filepath.Dir(path))
	p, err := readPolicy(s, dir.path(tests.Policy))
	if err != nil {
		return err
	}
	result := &policyTestResult{File: path, Policy: dir.path(tests.Policy)}
	for i := range tests.Cases {
		c := &tests.Cases[i]
		report, err := dir.run(ctx, s, p, c)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		result.add(c, report, err)
	}
	if err := s.ui.Show(result); err != nil {
		return err
	}
	if result.Differ > 0 {
		return settled(fault.ExitRejected)
	}
	return nil
}

// testDir is the directory of a file of tests.
type testDir string

func (d testDir) path(name string) string {
	if _, found := inKeyring(name); found || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(string(d), name)
}

func (d testDir) paths(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = d.path(name)
	}
	return out
}

// run verifies the evidence of one case. Without a report the error is the
// verdict.
func (d testDir) run(ctx context.Context, s *session, p *policy.Policy, c *policy.Case) (*verify.Report, error) {
	v := &verify.Policy{Threshold: 1, Spellings: predicate.Spellings, At: c.At, Profile: s.config.Profile}
	if c.At.IsZero() {
		v.At = s.Now()
	}
	trust := trustFlags{trust: d.paths(c.Trust.Trust), cas: d.paths(c.Trust.CA), tsas: d.paths(c.Trust.TSA), named: p.NamesIdentities()}
	if err := trust.apply(ctx, s, v); err != nil {
		return nil, err
	}
	closers := &closeList{}
	defer closers.close()
	var err error
	if v.Subjects, err = openArtifacts(s, d.subjects(c.Subjects), closers); err != nil {
		return nil, err
	}
	if err := p.Apply(v); err != nil {
		return nil, err
	}
	evidence := &verify.Evidence{}
	for _, name := range d.paths(c.Evidence) {
		f, err := input.Open(name, nil, input.MaxEvidence)
		if err != nil {
			return nil, err
		}
		closers.add(f)
		if err := evidence.ReadInput(f); err != nil {
			return nil, err
		}
	}
	return verify.Verify(ctx, evidence, v)
}

// subjects are paths relative to the file, unless they are digests.
func (d testDir) subjects(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = text
		if _, isDigest, err := predicate.ParseDigest(text); err == nil && !isDigest {
			out[i] = d.path(text)
		}
	}
	return out
}

type policyTestResult struct {
	File   string           `json:"file"`
	Policy string           `json:"policy"`
	Cases  []policyTestCase `json:"cases"`
	Differ int              `json:"differ"` // cases whose verdict is not the expected one
}

type policyTestCase struct {
	Name     string        `json:"name"`
	AsWanted bool          `json:"asExpected"`
	Expected policyVerdict `json:"expected"`
	Got      policyVerdict `json:"got"`
	// Message is why the evidence was rejected; empty if it was not.
	Message string `json:"message,omitempty"`
}

type policyVerdict struct {
	Accepted bool         `json:"accepted"`
	Reason   fault.Reason `json:"reason,omitempty"`
}

func (v policyVerdict) String() string {
	if v.Accepted {
		return "accepted"
	}
	return "rejected: " + string(v.Reason)
}

func (r *policyTestResult) add(c *policy.Case, report *verify.Report, err error) {
	out := policyTestCase{Name: c.Name, Expected: policyVerdict{c.Accepted, c.Reason}}
	switch {
	case report != nil:
		out.Got = policyVerdict{report.Verified, report.Reason}
	default:
		out.Got = policyVerdict{Reason: fault.ReasonOf(err)}
	}
	if err != nil {
		out.Message = err.Error()
	}
	out.AsWanted = out.Got == out.Expected
	if !out.AsWanted {
		r.Differ++
	}
	r.Cases = append(r.Cases, out)
}

// Text implements ui.Result.
func (r *policyTestResult) Text(p *ui.Printer) {
	rows := make([][]ui.Text, len(r.Cases))
	for i, c := range r.Cases {
		mark := ui.Styled(ui.Good, "ok")
		if !c.AsWanted {
			mark = ui.Styled(ui.Bad, "differs")
		}
		rows[i] = []ui.Text{mark, ui.T(c.Name), ui.T(c.Expected.String()), ui.T(c.Got.String())}
	}
	p.Table([]string{"", "CASE", "EXPECTED", "GOT"}, rows)
	for _, c := range r.Cases {
		if !c.AsWanted && c.Message != "" {
			p.Line(ui.T(c.Name + ": " + c.Message))
		}
	}
	p.Blank()
	if r.Differ == 0 {
		p.Status(ui.Passed, ui.T(plural(len(r.Cases), "case")+" as expected"))
		return
	}
	p.Status(ui.Failed, ui.T(plural(r.Differ, "case")+" not as expected, of "+plural(len(r.Cases), "case")))
}
