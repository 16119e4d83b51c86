package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// trustInitResult is a bundle that has its first root.
type trustInitResult struct{ *trust.Status }

// Text implements ui.Result.
func (r *trustInitResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T("trust "+r.Name+" begins with root version "+strconv.FormatInt(r.Roles[0].Version, 10)))
	p.Pairs(ui.P("root", p.Digest(r.PinnedRoot)))
	if r.Imported == nil {
		p.Line(ui.Styled(ui.Faint, "next: stella trust import FILE|DIR"))
	}
}

// trustImportResult is what an import did.
type trustImportResult struct {
	From    string             `json:"from"`
	DryRun  bool               `json:"dryRun,omitzero"`
	Changes []trust.Change     `json:"changes"`
	Held    []trust.Revocation `json:"heldRevocations,omitempty"`
	Unused  []string           `json:"unusedTargets,omitempty"`
	Trust   *trust.Status      `json:"trust"`
}

// Text implements ui.Result.
func (r *trustImportResult) Text(p *ui.Printer) {
	what := "imported"
	switch {
	case r.DryRun:
		what = "would import"
	case len(r.Changes) == 0:
		what = "known already:"
	}
	p.Status(ui.Passed, ui.T(fmt.Sprintf("%s trust %s from %s", what, r.Trust.Name, r.From)))
	var pairs []ui.Pair
	for _, c := range r.Changes {
		text := fmt.Sprintf("version %d", c.To)
		if c.From > 0 {
			text = fmt.Sprintf("version %d, was %d", c.To, c.From)
		}
		pairs = append(pairs, ui.P(c.Role, ui.T(text)))
	}
	p.Pairs(append(pairs, importedPairs(r.Trust)...)...)
}

// importedPairs say what verification rests on.
func importedPairs(s *trust.Status) []ui.Pair {
	i := s.Imported
	if i == nil {
		return nil
	}
	signed := "not said"
	if !i.SignedAt.IsZero() {
		signed = moment(i.SignedAt)
	}
	pairs := []ui.Pair{
		ui.P("signed", ui.T(signed+"  "+report.Age(time.Duration(i.AgeSeconds)*time.Second)+" old")),
		ui.P("expires", ui.T(moment(i.Expires))),
		ui.P("imported", ui.T(moment(i.ImportedAt))),
	}
	if i.CarriedCRLs > 0 {
		pairs = append(pairs, ui.P("kept", ui.T(plural(i.CarriedCRLs, "CRL")+" of earlier imports")))
	}
	return pairs
}

func showTrustStatus(p *ui.Printer, s *trust.Status, active bool) {
	status, text := ui.Passed, "trust "+s.Name
	if active {
		text += "  (active)"
	}
	if !s.Usable {
		status = ui.Failed
	}
	p.Status(status, ui.Styled(ui.Strong, text))
	pairs := []ui.Pair{ui.P("first root", p.Digest(s.PinnedRoot))}
	for _, r := range s.Roles {
		pairs = append(pairs, ui.P(r.Role, ui.T(fmt.Sprintf("version %d, until %s", r.Version, moment(r.Expires)))))
	}
	pairs = append(pairs, importedPairs(s)...)
	if len(s.Revocations) > 0 {
		pairs = append(pairs, ui.P("revoked", ui.T(plural(len(s.Revocations), "key"))))
	}
	if !s.Usable {
		pairs = append(pairs, ui.P("problem", ui.Styled(ui.Bad, s.Problem)))
	}
	p.Pairs(pairs...)
}
