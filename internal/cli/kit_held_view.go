package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/offlinekit/store"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// kitWords call a kit by its name.
func kitWords(k *store.Kit) string {
	words := fmt.Sprintf("%s version %d", k.Name, k.Version)
	if k.Label != "" {
		words += " (" + k.Label + ")"
	}
	return words
}

// heldPairs say what a kit is.
func heldPairs(k *store.Kit, path string) []ui.Pair {
	pairs := []ui.Pair{
		ui.P("built", ui.T(moment(k.CreatedAt))),
		ui.P("signed by", ui.T(strings.Join(k.Signers, ", "))),
		ui.P("files", ui.T(fmt.Sprintf("%s, %s bytes", strconv.FormatInt(k.Files, 10), strconv.FormatInt(k.Bytes, 10)))),
	}
	if path != "" {
		pairs = append(pairs, ui.P("directory", ui.T(path)))
	}
	return pairs
}

// kitImportResult is what an import did.
type kitImportResult struct {
	From    string     `json:"from"`
	Channel string     `json:"channel"`
	Kit     *store.Kit `json:"kit"`
	Path    string     `json:"path,omitempty"`
	// Before is the version that was active until then; 0 for none.
	Before  int64           `json:"before,omitzero"`
	Already bool            `json:"already,omitzero"`
	Forced  bool            `json:"forced,omitzero"`
	DryRun  bool            `json:"dryRun,omitzero"`
	Trust   *kitTrustChange `json:"trust,omitempty"`
}

// kitTrustChange is what a kit did to the trust.
type kitTrustChange struct {
	Name    string             `json:"name"`
	Changes []trust.Change     `json:"changes"`
	Held    []trust.Revocation `json:"heldRevocations,omitempty"`
	// Older says that the kit's trust is older than the bundle's, which stayed.
	Older bool `json:"older,omitzero"`
}

func newKitImportResult(from string, done *store.Imported) *kitImportResult {
	r := &kitImportResult{From: from, Channel: done.Channel, Kit: done.Kit, Path: done.Path, Already: done.Already, Forced: done.Forced, DryRun: done.DryRun}
	if done.Before != nil {
		r.Before = done.Before.Version
	}
	switch {
	case done.Trust != nil:
		r.Trust = &kitTrustChange{Name: done.TrustName, Changes: append([]trust.Change{}, done.Trust.Changes...), Held: done.Trust.Held}
	case done.TrustKept != nil:
		r.Trust = &kitTrustChange{Name: done.TrustName, Changes: []trust.Change{}, Older: true}
	}
	return r
}

// Text implements ui.Result.
func (r *kitImportResult) Text(p *ui.Printer) {
	what := "imported "
	switch {
	case r.Already:
		what = "active already: "
	case r.DryRun:
		what = "would import "
	}
	text := what + kitWords(r.Kit) + ", channel " + r.Channel
	if r.Forced {
		text += ", by force"
	}
	p.Status(ui.Passed, ui.T(text))
	pairs := heldPairs(r.Kit, r.Path)
	if r.Before > 0 && !r.Already {
		pairs = append(pairs, ui.P("before", ui.T("version "+strconv.FormatInt(r.Before, 10))))
	}
	p.Pairs(pairs...)
}

// kitRollbackResult is what a rollback did.
type kitRollbackResult struct {
	Channel string     `json:"channel"`
	Kit     *store.Kit `json:"kit"`
	Path    string     `json:"path"`
	Before  int64      `json:"before"`
	Reason  string     `json:"reason"`
}

// Text implements ui.Result.
func (r *kitRollbackResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T(fmt.Sprintf("went back to %s, channel %s, from version %d", kitWords(r.Kit), r.Channel, r.Before)))
	p.Pairs(heldPairs(r.Kit, r.Path)...)
}

// kitPathResult is the directory of the active kit.
type kitPathResult struct {
	Path string `json:"path"`
}

// Text implements ui.Result.
func (r *kitPathResult) Text(p *ui.Printer) { p.Verbatim(r.Path + "\n") }

// kitStatusResult is where the kits stand.
type kitStatusResult struct {
	Dir      string      `json:"dir"`
	Channels []kitStatus `json:"channels"`
	// MaxAgeSeconds is how old a kit may be; 0 for any age.
	MaxAgeSeconds int64             `json:"maxAgeSeconds,omitzero"`
	Trust         *kitTrustStatus   `json:"trust,omitempty"`
	Quarantine    *store.Quarantine `json:"quarantine"`
}

// kitStatus is where a channel stands.
type kitStatus struct {
	*store.Status
	// Stale says that the kit is older than it may be.
	Stale bool `json:"stale"`
}

// kitTrustStatus is how old the active trust is.
type kitTrustStatus struct {
	Name     string              `json:"name"`
	Usable   bool                `json:"usable"`
	Reason   fault.Reason        `json:"reason,omitempty"`
	Problem  string              `json:"problem,omitempty"`
	Imported *trust.ImportStatus `json:"imported,omitempty"`
}

// Text implements ui.Result.
func (r *kitStatusResult) Text(p *ui.Printer) {
	if len(r.Channels) == 0 {
		p.Line(ui.T("no kit in " + r.Dir))
	}
	for i := range r.Channels {
		r.Channels[i].text(p)
		p.Blank()
	}
	var pairs []ui.Pair
	if t := r.Trust; t != nil {
		pairs = append(pairs, ui.P("trust", t.text()))
	}
	p.Pairs(append(pairs, ui.P("quarantine", ui.T(r.confined())))...)
	for _, q := range r.Quarantine.Reports {
		p.Status(ui.Failed, ui.T(moment(q.Time)+"  "+q.Input+"  "+string(q.Reason)+": "+q.Message))
	}
}

// confined says how much is in quarantine.
func (r *kitStatusResult) confined() string {
	n := len(r.Quarantine.Reports) + r.Quarantine.Unreadable
	if n == 0 {
		return "empty"
	}
	text := plural(n, "kit") + " in " + r.Quarantine.Path
	if r.Quarantine.Unreadable > 0 {
		text += ", " + plural(r.Quarantine.Unreadable, "report") + " unreadable"
	}
	return text
}

func (c *kitStatus) text(p *ui.Printer) {
	status, age := ui.Passed, report.Age(time.Duration(c.Active.AgeSeconds)*time.Second)+" old"
	if c.Stale {
		status, age = ui.Failed, age+", which is too old"
	}
	p.Status(status, ui.Styled(ui.Strong, "channel "+c.Channel+": "+kitWords(c.Active.Kit)))
	pairs := heldPairs(c.Active.Kit, c.Active.Path)
	pairs[0] = ui.P("built", ui.T(moment(c.Active.CreatedAt)+"  "+age))
	pairs = append(pairs, ui.P("imported", ui.T(moment(c.Active.ImportedAt))))
	if c.Previous != nil {
		pairs = append(pairs, ui.P("previous", ui.T(fmt.Sprintf("version %d, built %s", c.Previous.Version, moment(c.Previous.CreatedAt)))))
	}
	if c.Highest > c.Active.Version {
		pairs = append(pairs, ui.P("highest", ui.T(fmt.Sprintf("version %d was active before", c.Highest))))
	}
	p.Pairs(pairs...)
}

func (t *kitTrustStatus) text() ui.Text {
	if t.Imported == nil || !t.Usable {
		return ui.Styled(ui.Bad, t.Name+": "+t.Problem)
	}
	return ui.T(t.Name + ", " + report.Age(time.Duration(t.Imported.AgeSeconds)*time.Second) + " old")
}
