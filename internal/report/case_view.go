package report

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

// maxLabel is how many characters of a label fit beside a row of a drawing.
const maxLabel = 27

// caseFunctions are what the case file's own templates print through.
func caseFunctions() template.FuncMap {
	return template.FuncMap{
		"label":     func(s string) string { return clipRunes(ui.Escape(s), maxLabel) },
		"px":        func(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) },
		"whole":     strconv.Itoa,
		"nth":       func(n uint64) string { return thousands(int64(min(n, 1<<62))) },
		"outcomeOf": entryOutcome,
		"moment":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") },
		"entries":   func(n int) string { return thousands(int64(n)) + plural(n, " entry", " entries") },
	}
}

// clipRunes cuts a text to a number of characters.
func clipRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// caseView is what a case file shows beside what went to it as it came.
type caseView struct {
	headView
	Tail tailView

	Snapshot               *forensic.Manifest
	Found                  int
	Size                   int64
	Sealed                 bool
	Findings, Places, Left int // Left: of the findings, not described
	MostFindings           int
	FindingsOpen           bool
	Notes                  []Fact
	Entries                *folder
	EntriesLeft            int
	Events                 eventsView
	EventRows              []*eventView
	EventsLeft             int
	Timeline, Keys         *drawing
	KeyRows                []*keyView
	KeysLeft               int
	SignatureCount         int
	Signatures             []signatureView
	SignaturesLeft         int
	NoProof                bool
}

// eventsView is what is said of all events together.
type eventsView struct {
	Count, Notices, Removed int
	Checkpoints             []forensic.Checkpoint
}

func newCaseView(c *CaseFile, whole *verify.Report) *caseView {
	c.signers.trusted(&whole.Trust)
	c.entries.root.arrange()
	a := caseAxis(c, whole)
	m := &c.Snapshot.Manifest
	v := &caseView{
		headView: newHeadView(c.page, whole), Tail: newTailView(c.page, whole),
		Snapshot: m, Found: c.Snapshot.Entries, Size: c.Snapshot.Size, Sealed: c.sealed,
		Findings: c.findings.count, Places: c.findings.places, Left: max(0, c.findings.count-MaxCaseFindings), MostFindings: MaxCaseFindings, FindingsOpen: c.findings.open(),
		Notes: metadata(m), Entries: c.entries.root, EntriesLeft: leftIn(c.entries.root),
		Events:    eventsView{c.events.count, c.events.notices, c.events.removed, c.events.checkpoints},
		EventRows: c.events.rows, EventsLeft: c.events.count - len(c.events.rows),
		KeyRows: c.signers.keys, KeysLeft: len(c.signers.left),
		SignatureCount: c.signers.count, Signatures: c.signers.rows, SignaturesLeft: c.signers.count - len(c.signers.rows), NoProof: c.signers.noProof,
	}
	v.Lead = c.lead(whole)
	if c.events.count > 0 {
		v.Timeline = drawTimeline(c, a)
	}
	if len(c.signers.keys) > 0 {
		v.Keys = drawKeys(c.signers, a)
	}
	return v
}

// lead is the verdict in sentences.
func (c *CaseFile) lead(whole *verify.Report) []string {
	var lead []string
	if n := c.findings.count; n > 0 {
		lead = append(lead, fmt.Sprintf("%s failed, in %s.", countWords(n, "check"), countWords(c.findings.places, "place")))
	}
	if whole.Verified {
		lead = append(lead, fmt.Sprintf("Every demanded check passed: %s as listed, and %s.",
			entriesAre(c.Snapshot.Entries), countWords(c.tally.Documents, "signed document")))
	} else {
		lead = append(lead, fmt.Sprintf("The reason that decides is %s: %s. Exit status %d.", whole.Reason, reasonMeaning(whole.Reason), whole.Exit))
	}
	if !c.sealed {
		lead = append(lead, "Nobody who is trusted vouches for what the manifest says, the id of the case included.")
	}
	return lead
}

func entriesAre(n int) string { return thousands(int64(n)) + plural(n, " entry is", " entries are") }

// metadata are what else a manifest says, notes as their names sort.
func metadata(m *forensic.Manifest) []Fact {
	var out []Fact
	for _, name := range slices.SortedFunc(maps.Keys(m.Metadata), byNumber) {
		out = append(out, Fact{Label: name, Value: m.Metadata[name]})
	}
	return out
}

// byNumber orders note.2 before note.10.
func byNumber(a, b string) int {
	x, okA := strings.CutPrefix(a, "note.")
	y, okB := strings.CutPrefix(b, "note.")
	if okA && okB && len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b)
}

// leftIn counts what is not shown.
func leftIn(f *folder) int {
	n := f.Left
	for _, below := range f.Folders {
		n += leftIn(below)
	}
	return n
}
