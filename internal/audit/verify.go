package audit

import (
	"fmt"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/chain"
)

// Report is what a log's own bytes, and a checkpoint, say about it.
type Report struct {
	Records  uint64    `json:"records"`
	Segments int       `json:"segments"`
	First    time.Time `json:"first,omitzero"` // when the first record was written
	Last     time.Time `json:"last,omitzero"`
	Head     string    `json:"head"` // hash of the last record, in hex
	// Recovered are the records in which the log says that it was repaired.
	Recovered []Recovery `json:"recovered,omitempty"`
	// Unfinished is how many bytes of a last record without an end there are: a
	// write was cut off, or is going on. None of its signatures was released.
	Unfinished int `json:"unfinished,omitzero"`
	chain.Findings[string]
}

// Recovery is a record in which the log says that it was repaired.
type Recovery struct {
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	Note string    `json:"note"`
}

// Err returns nil if and only if no problem was found: else fault.AuditTampered,
// or fault.AuditMalformed if there is no record at all in what should be a log.
func (r *Report) Err() error { return r.Verdict(Kind()) }

// Add adds a problem that was found beside the log, if there is one.
func (r *Report) Add(problem error) {
	if problem != nil {
		r.problem("%v", problem)
	}
}

func (r *Report) problem(format string, args ...any) { r.Found(fmt.Sprintf(format, args...)) }

// Verify reads a whole log and holds it to its own chain and to checkpoints. The
// error is of the reading alone; [Report.Err] has the verdict.
func Verify(r *Reader, checkpoints ...chain.Compared) (*Report, error) {
	v := &verifier{checkpoints: checkpoints, Report: Report{Segments: r.Segments()}}
	for l, err := range r.lines() {
		if err != nil {
			return nil, err
		}
		v.line(l)
	}
	v.finish()
	return &v.Report, nil
}

type verifier struct {
	Report
	checkpoints []chain.Compared
	head        Head // as the records themselves say
	lines       int
	bad         bool   // the line before was no record
	cut         []byte // a line without an end
}

func (v *verifier) line(l line) {
	if v.cut != nil {
		v.problem("a line after record %d is cut off, and others follow it", v.head.Size)
		v.cut = nil
	}
	v.lines++
	if !l.long && l.text[len(l.text)-1] != '\n' {
		v.cut = slices.Clone(l.text)
		return
	}
	record, err := parseRecord(l.text)
	if l.long {
		err = fmt.Errorf("it is over %d bytes", MaxLine)
	}
	if err != nil {
		v.problem("the line after record %d was edited: %v", v.head.Size, err)
		v.bad = true
		return
	}
	v.chain(record, l.text)
	v.take(record, l.text)
}

// chain compares the place of a record with what is before it.
func (v *verifier) chain(r *Record, text []byte) {
	after := v.head.Size
	switch {
	case v.bad && r.Seq > after:
		// Said already: the chain is picked up here.
	case r.Seq > after+1 && after == 0:
		v.problem("the log begins with record %d: those before it were removed", r.Seq)
	case r.Seq > after+1:
		v.problem("record %d stands after record %d: %d between them were removed or moved", r.Seq, after, r.Seq-after-1)
	case r.Seq <= after:
		v.problem("record %d stands after record %d", r.Seq, after)
	case !follows(v.head, text) && after == 0:
		v.problem("the first record names a record before it")
	case !follows(v.head, text):
		v.problem("record %d was edited: record %d does not continue it", after, r.Seq)
	}
	v.bad = false
}

// take notes what a record says.
func (v *verifier) take(r *Record, text []byte) {
	v.head = Head{Size: r.Seq - 1}.Next(text)
	v.Records++
	if v.First.IsZero() {
		v.First = r.Time
	}
	v.Last = r.Time
	if r.Decision == Recovered {
		v.Recovered = append(v.Recovered, Recovery{r.Seq, r.Time, r.Note})
	}
	chain.Meet(v.checkpoints, v.head)
}

// finish judges the log as a whole.
func (v *verifier) finish() {
	v.Report.Head = v.head.Hash.String()
	v.Unfinished = len(v.cut)
	v.Conclude(Kind(), v.lines, int(v.Records), v.head, v.checkpoints, v.Found)
}
