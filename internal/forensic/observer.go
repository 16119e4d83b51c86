package forensic

import (
	"time"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/forensic/timeline"
)

// EntryStatus is what became of an entry beside the manifest.
type EntryStatus string

// The statuses of entries.
const (
	EntryAsListed EntryStatus = "as listed"
	EntryChanged  EntryStatus = "changed"  // another digest or size than the manifest says
	EntryMissing  EntryStatus = "missing"  // listed, and not there; digest and size are the manifest's
	EntryUnlisted EntryStatus = "unlisted" // there, and not listed; without a digest if it is no file
	EntryMoved    EntryStatus = "moved"    // there and listed, at another place
	EntryRefused  EntryStatus = "refused"  // not read, as it must not be in an archive like that
)

// Checkpoint is what the timeline of a snapshot was held to.
type Checkpoint struct {
	Source string    // for people
	Events uint64    // how many events it covers
	At     time.Time // of the last of them; zero if that was not met
	Agrees bool
}

// Observer is told what is in a snapshot while it is verified, beside the results,
// which say what is wrong. Its methods are called one after the other, all before the
// sink gets the first result. What they get may be used until they return; an error
// ends the verification.
type Observer interface {
	// Entry is told every entry once, and everything that is there without being one.
	Entry(e *Entry, s EntryStatus) error
	// Event is told every well-formed event of the timeline, in its order.
	Event(e *timeline.Event) error
	// Checkpoint is told, after the events, what they were held to.
	Checkpoint(c *Checkpoint) error
}

// observe tells the observer of an entry, if there is one.
func (v *verification) observe(e *Entry, s EntryStatus) error {
	if v.o.Observer == nil {
		return nil
	}
	return v.o.Observer.Entry(e, s)
}

// watch passes the events of a timeline by, and remembers when those were added that
// checkpoints end with.
type watch struct {
	*verification
	checkpoints []chain.Compared
	at          []time.Time
}

func (v *verification) watch(checkpoints []chain.Compared) *watch {
	return &watch{v, checkpoints, make([]time.Time, len(checkpoints))}
}

func (w *watch) event(e *timeline.Event) error {
	if err := w.references.event(e); err != nil || w.o.Observer == nil {
		return err
	}
	for i := range w.checkpoints {
		if w.checkpoints[i].Size == e.Seq {
			w.at[i] = e.Time
		}
	}
	return w.o.Observer.Event(e)
}

// end tells what the events were held to.
func (w *watch) end(r *timeline.Report) error {
	if w.o.Observer == nil {
		return nil
	}
	for i, c := range r.Checkpoints {
		if err := w.o.Observer.Checkpoint(&Checkpoint{c.Source, c.Size, w.at[i], c.Agrees}); err != nil {
			return err
		}
	}
	return nil
}
