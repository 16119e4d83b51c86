package cli

import (
	"fmt"
	"time"

	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

// entryResult is all that the keyring knows of one key.
type entryResult struct {
	keyringEntry
	Certificates int             `json:"certificates"`
	Attestations []shownAttested `json:"attestations"`
	History      []shownEvent    `json:"history"`
	now          time.Time
}

type shownAttested struct {
	Format       string    `json:"format"`
	ObtainedAt   time.Time `json:"obtainedAt"`
	Certificates int       `json:"certificates"`
}

type shownEvent struct {
	Time   time.Time `json:"time"`
	Event  string    `json:"event"`
	Detail string    `json:"detail,omitempty"`
}

func newEntryResult(e *keyring.Entry, now time.Time) *entryResult {
	r := &entryResult{
		keyringEntry: newKeyringEntry(e, now), Certificates: len(e.Certificates),
		Attestations: []shownAttested{}, History: []shownEvent{}, now: now,
	}
	for _, a := range e.Attestations {
		r.Attestations = append(r.Attestations, shownAttested{a.Format, a.ObtainedAt, len(a.Chain)})
	}
	for _, v := range e.History {
		r.History = append(r.History, shownEvent{v.Time, v.What, v.Detail})
	}
	return r
}

// Text implements ui.Result.
func (r *entryResult) Text(p *ui.Printer) {
	pairs := r.pairs(p)
	add := func(label, value string) {
		if value != "" {
			pairs = append(pairs, ui.P(label, ui.T(value)))
		}
	}
	add("state", r.use(r.now))
	add("where", r.Reference)
	add("followed by", r.Successor)
	if r.Certificates > 0 {
		add("certificates", fmt.Sprint(r.Certificates))
	}
	for _, a := range r.Attestations {
		add("attestation", fmt.Sprintf("%s, %s, obtained %s", a.Format, plural(a.Certificates, "certificate"), a.ObtainedAt.Format(time.RFC3339)))
	}
	p.Pairs(pairs...)
	if len(r.History) == 0 {
		return
	}
	p.Blank()
	rows := make([][]ui.Text, len(r.History))
	for i, v := range r.History {
		rows[i] = []ui.Text{ui.T(v.Time.Format(time.RFC3339)), ui.T(v.Event), ui.T(v.Detail)}
	}
	p.Table([]string{"TIME", "EVENT", "DETAIL"}, rows)
}
