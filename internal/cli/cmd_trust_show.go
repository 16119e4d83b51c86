package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustShowCommand(a *app) *cobra.Command {
	var opts trustNameFlag
	cmd := &cobra.Command{
		Use:   "show",
		Short: "show whom a trust bundle trusts",
		Long: `Show what a trust bundle says: keys with their holders, roles and windows, the
authorities, the revocations, whether there is a policy, and the history of the
bundle. Trust that has expired is shown as well, and called that.`,
		Example: `  stella trust show
  stella trust show --format json`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustShow(s, &opts)
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	opts.AddFlags(cmd.Flags())
	return cmd
}

func runTrustShow(s *session, o *trustNameFlag) error {
	name, err := o.existing(s)
	if err != nil {
		return err
	}
	active, err := s.trustHome().Open(name, s.Now(), s.Now())
	if err != nil {
		return err
	}
	return s.ui.Show(newTrustShowResult(active))
}

// trustShowResult is what a trust bundle says.
type trustShowResult struct {
	Trust       *trust.Status    `json:"trust"`
	Keys        []trustedKeyView `json:"keys"`
	Authorities []authorityView  `json:"authorities"`
	Policy      bool             `json:"policy"`
}

type trustedKeyView struct {
	Name           string    `json:"name"`
	KeyID          string    `json:"keyId"`
	Algorithm      string    `json:"algorithm"`
	Holder         string    `json:"holder"`
	Roles          []string  `json:"roles,omitempty"`
	Tenant         string    `json:"tenant,omitempty"`
	NotBefore      time.Time `json:"notBefore,omitzero"`
	NotAfter       time.Time `json:"notAfter,omitzero"`
	RevokedAt      time.Time `json:"revokedAt,omitzero"`
	Reason         string    `json:"reason,omitempty"`
	PredicateTypes []string  `json:"predicateTypes"`
}

type authorityView struct {
	Kind  string    `json:"kind"`
	Name  string    `json:"name"`
	ID    string    `json:"id,omitempty"`
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

func newTrustShowResult(a *trust.Active) *trustShowResult {
	r := &trustShowResult{Trust: a.Status, Keys: []trustedKeyView{}, Authorities: []authorityView{}, Policy: a.Policy != nil}
	for _, k := range a.Trust.Keys() {
		id, _ := dsse.KeyID(k.Public) // has one: it is trusted
		types := k.PredicateTypes
		if k.AnyPredicateType {
			types = []string{"*"}
		}
		r.Keys = append(r.Keys, trustedKeyView{
			Name: k.Name, KeyID: id, Algorithm: string(k.Algorithm), Holder: k.Holder, Roles: k.Roles, Tenant: k.Tenant,
			NotBefore: k.NotBefore, NotAfter: k.NotAfter, RevokedAt: k.RevokedAt, Reason: k.Reason, PredicateTypes: types,
		})
	}
	for _, i := range a.Root.Authorities() {
		r.Authorities = append(r.Authorities, authorityView{i.Kind, i.Name, i.ID, i.From, i.Until})
	}
	return r
}

// Text implements ui.Result.
func (r *trustShowResult) Text(p *ui.Printer) {
	showTrustStatus(p, r.Trust, false)
	if len(r.Keys) > 0 {
		p.Blank()
		var rows [][]ui.Text
		for _, k := range r.Keys {
			rows = append(rows, []ui.Text{ui.T(k.Name), ui.T(k.Holder), ui.T(k.Algorithm), k.standing(), p.Digest(k.KeyID)})
		}
		p.Table([]string{"KEY", "HOLDER", "ALGORITHM", "GOOD", "KEY ID"}, rows)
	}
	if len(r.Authorities) > 0 {
		p.Blank()
		var rows [][]ui.Text
		for _, a := range r.Authorities {
			rows = append(rows, []ui.Text{ui.T(a.Kind), ui.T(a.Name), ui.T(window(a.From, a.Until))})
		}
		p.Table([]string{"AUTHORITY", "NAME", "GOOD"}, rows)
	}
	if r.Policy {
		p.Blank()
		p.Line(ui.T("with a policy: policy.yaml"))
	}
}

func (k *trustedKeyView) standing() ui.Text {
	if !k.RevokedAt.IsZero() {
		return ui.Styled(ui.Bad, "revoked since "+moment(k.RevokedAt))
	}
	return ui.T(window(k.NotBefore, k.NotAfter))
}

func window(from, until time.Time) string {
	switch {
	case from.IsZero() && until.IsZero():
		return "always"
	case from.IsZero():
		return "until " + moment(until)
	case until.IsZero():
		return "from " + moment(from)
	}
	return moment(from) + " to " + moment(until)
}
