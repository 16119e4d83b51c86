package cli

import (
	"fmt"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/verify"
)

// kitVerdictResult is the verdict on a kit.
type kitVerdictResult struct {
	*offlinekit.Verdict `json:",inline"`

	hint string
}

// Text implements ui.Result.
func (r *kitVerdictResult) Text(p *ui.Printer) { showKit(p, r.Verdict, r.hint) }

// showKit draws what was found of a kit.
func showKit(p *ui.Printer, v *offlinekit.Verdict, hint string) {
	if v.Signature == offlinekit.SignatureNotChecked {
		p.Status(ui.Warned, ui.T("nobody's signature on the statement was verified"))
	}
	c := v.Claims
	title := fmt.Sprintf("kit %s, channel %s, version %d", c.Name, c.Channel, c.Version)
	if c.Label != "" {
		title += " (" + c.Label + ")"
	}
	status := ui.Passed
	if !v.Verified {
		status = ui.Failed
	}
	p.Status(status, ui.Styled(ui.Strong, title))
	p.Pairs(kitPairs(p, v)...)
	for i := range v.Findings {
		p.Status(ui.Failed, ui.T(v.Findings[i].String()), ui.Styled(ui.Faint, "  "+string(v.Findings[i].Reason)))
	}
	if v.MoreFindings > 0 {
		p.Status(ui.Failed, ui.T("and "+plural(v.MoreFindings, "more file")))
	}
	showGaps(p, v)
	if v.Problem != "" {
		p.Blank()
		p.Line(ui.Styled(ui.Bad, v.Problem), ui.Styled(ui.Faint, "  "+string(v.Reason)))
	}
	if hint != "" {
		p.Line(ui.T("hint: " + hint))
	}
}

func kitPairs(p *ui.Printer, v *offlinekit.Verdict) []ui.Pair {
	c := v.Claims
	pairs := []ui.Pair{
		ui.P("built", ui.T(moment(c.CreatedAt))),
		ui.P("files", ui.T(fmt.Sprintf("%d, %d bytes", c.Files, c.Bytes))),
	}
	pairs = append(pairs, signaturePairs(p, v)...)
	if t := v.Trust; t != nil {
		pairs = append(pairs, ui.P("trust in the kit", ui.T(plural(t.Keys, "key")+", first root "), p.Digest("sha256:"+t.RootSHA256)))
		for _, r := range t.Roles {
			pairs = append(pairs, ui.P("  "+r.Role, ui.T(fmt.Sprintf("version %d, until %s", r.Version, moment(r.Expires)))))
		}
	}
	if e := v.Evidence; e.Pieces > 0 {
		pairs = append(pairs, ui.P("evidence", ui.T(fmt.Sprintf("%d of %d can be verified with the trust in the kit", e.Verifiable, e.Pieces))))
	}
	return pairs
}

// signaturePairs say who signed, and on whose word that counts.
func signaturePairs(p *ui.Printer, v *offlinekit.Verdict) []ui.Pair {
	pairs := []ui.Pair{ui.P("signature", ui.T(map[string]string{
		offlinekit.SignatureVerified: "verified", offlinekit.SignatureFailed: "not verified", offlinekit.SignatureNotChecked: "not checked",
	}[v.Signature]))}
	if v.Statement == nil {
		return pairs
	}
	for i := range v.Statement.Results {
		for _, s := range v.Statement.Results[i].Signers {
			if s.Counted {
				pairs = append(pairs, ui.P("signed by", signerTexts(p, &s)...))
			}
		}
	}
	if b := v.Statement.Trust.Bundle; b != nil {
		pairs = append(pairs, ui.P("trusted by", ui.T(report.BundleWords(b))))
	}
	return append(pairs, profilePairs(v.Statement.Profile.Name, v.Statement.Profile.Standing)...)
}

// signerTexts name a holder and their key, which may be all that is known of them.
func signerTexts(p *ui.Printer, s *verify.Signer) []ui.Text {
	if s.Holder == s.KeyID || s.KeyID == "" {
		return []ui.Text{ui.T(s.Holder)}
	}
	return []ui.Text{ui.T(s.Holder + "  "), p.Digest(s.KeyID)}
}

func showGaps(p *ui.Printer, v *offlinekit.Verdict) {
	if len(v.Gaps) == 0 {
		return
	}
	p.Blank()
	p.Line(ui.Styled(ui.Strong, "missing in the kit"))
	for _, g := range v.Gaps {
		line := []ui.Text{ui.T(g.File + ": " + g.Message)}
		if g.Reason != "" {
			line = append(line, ui.Styled(ui.Faint, "  "+string(g.Reason)))
		}
		p.Status(ui.Warned, line...)
		if g.Add != "" {
			p.Line(ui.T("    " + g.Add))
		}
	}
	if v.MoreGaps > 0 {
		p.Status(ui.Warned, ui.T(fmt.Sprintf("and %d more", v.MoreGaps)))
	}
}

// kitBuildResult is a kit that was written.
type kitBuildResult struct {
	Output  string              `json:"output"`
	Signers []signerResult      `json:"signers,omitempty"`
	Counts  *offlinekit.Counts  `json:"counts,omitempty"`
	Kit     *offlinekit.Verdict `json:"kit"`
	Audit   *auditResult        `json:"audit,omitempty"`
}

// Text implements ui.Result.
func (r *kitBuildResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T("written to "+r.Output))
	var pairs []ui.Pair
	for _, s := range r.Signers {
		pairs = append(pairs, ui.P("key", p.Digest(s.KeyID), ui.T("  "+s.Algorithm)))
	}
	if r.Audit != nil {
		pairs = append(pairs, r.Audit.pair())
	}
	p.Pairs(pairs...)
	c := r.Kit.Claims
	p.Line(ui.T(fmt.Sprintf("kit %s, channel %s, version %d: %s, %d bytes", c.Name, c.Channel, c.Version, plural(c.Files, "file"), c.Bytes)))
	if e := r.Kit.Evidence; e.Pieces > 0 {
		p.Line(ui.T(fmt.Sprintf("%d of %d pieces of evidence can be verified with the trust in the kit", e.Verifiable, e.Pieces)))
	}
	showGaps(p, r.Kit)
}
