package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/policy"
)

func newPolicyCheckCommand(a *app) *cobra.Command {
	var opts policyCheckOptions
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "check a policy and explain it",
		Long: `Check the policy in FILE and say in plain words what it demands. Warnings name
what it lets pass that would not pass by itself, rules that are never applied,
and rules that a signer can get around.

With trust given, by the flags that stella verify has for it, also check that
those who are trusted can meet each rule.`,
		Example: `  stella policy check policy.yaml
  stella policy check policy.yaml --key ci.key.pub --key team.key.pub
  stella policy check policy.yaml --key team.key.pub  # exit 2`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runPolicyCheck(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type policyCheckOptions struct{ trust trustFlags }

// AddFlags registers the flags.
func (o *policyCheckOptions) AddFlags(fs *pflag.FlagSet) {
	o.trust.addKeys(fs)
	o.trust.AddFlags(fs)
}

func runPolicyCheck(ctx context.Context, s *session, o *policyCheckOptions, path string) error {
	p, err := readPolicy(s, path)
	if err != nil {
		return err
	}
	trusted := len(o.trust.paths()) > 0 || o.trust.given() || o.trust.hybrid
	if trusted {
		if err := o.satisfiable(ctx, s, p); err != nil {
			return err
		}
	}
	return s.ui.Show(&policyCheckResult{
		File: path, Name: p.Name, Satisfiable: trusted,
		Explanation: p.Explain(), Warnings: append([]policy.Warning{}, p.Warnings(predicate.Spellings)...),
	})
}

// satisfiable asks whether those who are trusted can meet the policy.
func (o *policyCheckOptions) satisfiable(ctx context.Context, s *session, p *policy.Policy) error {
	v := &verify.Policy{Threshold: 1, Spellings: predicate.Spellings, At: s.Now(), Profile: s.config.Profile}
	o.trust.named = p.NamesIdentities()
	if err := o.trust.apply(ctx, s, v); err != nil {
		return err
	}
	if err := p.Apply(v); err != nil {
		return err
	}
	return v.Satisfiable()
}

type policyCheckResult struct {
	File string `json:"file"`
	Name string `json:"name,omitempty"`
	// Satisfiable says that the trust given can meet each rule. It is not there if
	// none was given.
	Satisfiable bool `json:"satisfiable,omitzero"`
	policy.Explanation
	Warnings []policy.Warning `json:"warnings"`
}

// Text implements ui.Result.
func (r *policyCheckResult) Text(p *ui.Printer) {
	title := r.File
	if r.Name != "" {
		title = r.Name + "  "
		p.Line(ui.Styled(ui.Strong, title), ui.T(r.File))
	} else {
		p.Line(ui.Styled(ui.Strong, title))
	}
	for _, line := range r.Policy {
		p.Line(ui.T("  " + line))
	}
	for _, rule := range r.Rules {
		p.Blank()
		p.Line(ui.T("rule "), ui.Styled(ui.Strong, rule.Name))
		for _, line := range rule.Says {
			p.Line(ui.T("  " + line))
		}
	}
	p.Blank()
	for _, w := range r.Warnings {
		p.Status(ui.Warned, ui.T(w.Pointer+": "+w.Message))
	}
	switch {
	case r.Satisfiable:
		p.Status(ui.Passed, ui.T("well-formed, and those who are trusted can meet it"))
	default:
		p.Status(ui.Passed, ui.T("well-formed"))
	}
}
