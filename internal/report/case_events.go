package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/report/axis"
)

const (
	// maxShownEvents is how many events a case file lists; all are drawn and counted.
	maxShownEvents = 1000
	// maxShownDetails bounds the details of an event that are shown, in bytes.
	maxShownDetails = 300
	// maxTaken bounds the events that are remembered as taken back.
	maxTaken = 10_000
)

// laneRedactions is the lane of redaction notices, beside one for each category.
const laneRedactions = "redactions"

// eventList is the events of a timeline.
type eventList struct {
	count, notices, removed int
	span                    axis.Range
	lanes                   map[string]*axis.Density // by category; marked are those without content
	rows                    []*eventView
	byID                    map[timeline.ID]*eventView
	taken                   map[timeline.ID]uint64 // by which event
	checkpoints             []forensic.Checkpoint
}

// eventView is one event.
type eventView struct {
	Seq            uint64
	At             time.Time
	Category, Kind string
	Details        string
	Removed        bool   // the content is gone
	TakenBy        uint64 // the notice that takes it back; 0 for none
	Takes          string // what a notice takes back, in words
}

func newEventList() *eventList {
	return &eventList{
		lanes: make(map[string]*axis.Density), byID: make(map[timeline.ID]*eventView), taken: make(map[timeline.ID]uint64),
	}
}

// add takes in an event.
func (l *eventList) add(e *timeline.Event) {
	l.count++
	l.span.Take(e.Time)
	removed := e.Details == nil
	if removed {
		l.removed++
	}
	lane := e.Category
	if e.Redacts() {
		lane = laneRedactions
		l.redacts(e)
	}
	if l.lanes[lane] == nil {
		l.lanes[lane] = &axis.Density{}
	}
	l.lanes[lane].Add(e.Time, removed)
	if len(l.rows) == maxShownEvents {
		return
	}
	v := &eventView{Seq: e.Seq, At: e.Time, Category: e.Category, Kind: e.Kind, Removed: removed, TakenBy: l.taken[e.ID]}
	if v.TakenBy == 0 {
		v.Details = clip(string(e.Details), maxShownDetails)
	}
	if e.Redacts() {
		v.Takes = l.words(e.Supersedes)
	}
	l.rows, l.byID[e.ID] = append(l.rows, v), v
}

// redacts takes content back that is shown.
func (l *eventList) redacts(e *timeline.Event) {
	l.notices++
	if len(l.taken) < maxTaken {
		l.taken[e.Supersedes] = e.Seq
	}
	if v := l.byID[e.Supersedes]; v != nil {
		v.TakenBy, v.Details = e.Seq, ""
	}
}

// words say which event is meant.
func (l *eventList) words(id timeline.ID) string {
	if v := l.byID[id]; v != nil {
		return fmt.Sprintf("event %d", v.Seq)
	}
	return "event " + id.String()
}

// laneNames are the lanes that have events, in the order of the manual.
func (l *eventList) laneNames() []string {
	var out []string
	for _, name := range append(timeline.Categories(), laneRedactions) {
		if l.lanes[name] != nil {
			out = append(out, name)
		}
	}
	return out
}

// clip cuts a text that is too long, and shows that.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
