package timeline

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json/jsontext"
	"errors"
	"io/fs"
	"iter"
	"os"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
	"golang.org/x/mod/sumdb/note"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/filelock"
	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// patience bounds the waiting for another process's lock.
const patience = 30 * time.Second

// Added says what was added.
type Added struct {
	Count       uint64
	First, Last Event // the zero value if Count is 0
	Head        chain.Head
	// Cut is how many bytes of a write that a crash had cut off gave way. Nothing had
	// been said to be added by it.
	Cut int
}

// Add appends events to the timeline at path, in their order, and signs a checkpoint
// over its new end; it makes the timeline and its key if there is none. now is the
// clock. Others who add wait. An error of entries ends the adding: what stands before
// it was added; nothing is made if that is none. Only whole groups of lines are on disk
// when Add returns.
//
// An entry that is no event, or a file that is no timeline, is fault.TimelineMalformed, a clock behind the last event
// fault.ClockBehind, a timeline whose end is not what it was fault.TimelineTampered,
// and one that cannot be written fault.TimelineUnwritable.
func Add(ctx context.Context, path string, now func() time.Time, entries iter.Seq2[Entry, error]) (*Added, error) {
	if err := refuseOther(path); err != nil {
		return nil, err
	}
	entries, none, stop, err := peek(entries)
	defer stop()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); none && errors.Is(err, fs.ErrNotExist) {
		return &Added{}, nil // and there is still none
	}
	var added *Added
	err = locked(ctx, path, func() (err error) {
		added, err = add(path, now, entries)
		return err
	})
	return added, err
}

// locked runs f while nobody else writes.
func locked(ctx context.Context, path string, f func() error) error {
	lock, err := filelock.Acquire(ctx, path+chain.LockSuffix, patience)
	if err != nil {
		return Kind().WriteFault(path, err)
	}
	err = f()
	if unlock := lock.Release(); err == nil && unlock != nil {
		return Kind().WriteFault(path, unlock)
	}
	return err
}

func add(path string, now func() time.Time, entries iter.Seq2[Entry, error]) (added *Added, err error) {
	w, err := openWriter(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.file.Close()) }()
	w.now = now
	failed := w.addAll(entries)
	if err := w.flush(); err != nil {
		return nil, err
	}
	if w.added.Count > 0 {
		if err := Kind().WriteCheckpoint(path, w.key, w.head); err != nil {
			return nil, err
		}
	}
	w.added.Head = w.head
	return &w.added, failed
}

// writer is a timeline that is open for adding. Its caller holds the lock.
type writer struct {
	path  string
	now   func() time.Time
	key   note.Signer
	file  *os.File
	end   int64 // of whole lines on disk
	head  chain.Head
	last  Event // of which the id and the time count
	buf   []byte
	added Added
}

func openWriter(path string) (*writer, error) {
	w := &writer{path: path}
	var err error
	if w.key, _, err = Kind().OpenKey(path); err != nil {
		return nil, err
	}
	newest, err := Kind().Checkpointed(path)
	if err != nil {
		return nil, err
	}
	if w.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, Kind().WriteFault(path, err)
	}
	if err := w.findEnd(newest); err != nil {
		return nil, errors.Join(err, w.file.Close())
	}
	return w, nil
}

// findEnd finds where the timeline ends, and removes what a crash left behind.
func (w *writer) findEnd(newest chain.Head) error {
	info, err := w.file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return Kind().WriteFault(w.path, err)
	}
	t, err := asChain().Find(w.file, info.Size(), newest, func() (chain.Head, error) { return chain.Head{}, nil })
	switch {
	case errors.Is(err, chain.ErrNoRecord) && newest.Size == 0:
		return NotOne(w.path)
	case err != nil:
		return tampered(w.path, err.Error())
	case t.Head.Size < newest.Size:
		return tampered(w.path, "it does not end as its checkpoint says")
	case len(t.Torn) > 0:
		w.added.Cut = len(t.Torn)
		if err := w.file.Truncate(t.End); err != nil {
			return Kind().WriteFault(w.path, err)
		}
	}
	w.head, w.end = t.Head, t.End
	if t.Last != nil {
		last, err := parseEvent(t.Last)
		if err != nil {
			return err // cannot be: it was read
		}
		w.last = last.Event
	}
	return nil
}

func (w *writer) addAll(entries iter.Seq2[Entry, error]) error {
	for entry, err := range entries {
		if err != nil {
			return err
		}
		if err := w.add(&entry); err != nil {
			return err
		}
	}
	return nil
}

// add puts one event into the buffer.
func (w *writer) add(entry *Entry) error {
	details, err := entry.check()
	if err != nil {
		return err
	}
	e := Event{
		Seq: w.head.Size + 1, Tenant: entry.Tenant, Category: entry.Category, Kind: entry.Kind, TraceID: entry.TraceID,
		Supersedes: entry.Supersedes, Prev: w.head.Hash, Details: details, Salt: newSalt(),
	}
	if err := w.date(&e); err != nil {
		return err
	}
	e.DetailsSHA256 = commit(&e)
	start := len(w.buf)
	w.buf = appendHead(w.buf, &e)
	hash := hashOf(w.buf[start:])
	w.buf = append(appendContent(append(w.buf, ','), &e), "}\n"...)
	w.head, w.last = chain.Head{Size: e.Seq, Hash: hash}, e
	if w.added.Count == 0 {
		w.added.First = e
	}
	w.added.Count, w.added.Last = w.added.Count+1, e
	if len(w.buf) > chain.MaxGroup-MaxLine {
		return w.flush()
	}
	return nil
}

// date gives an event its time and an id after that of the last event.
func (w *writer) date(e *Event) error {
	e.Time = w.now().UTC().Truncate(time.Millisecond)
	if e.Time.Before(w.last.Time) {
		return fault.New(fault.ClockBehind, "the clock says %s, and the last event of timeline %q is of %s", e.Time.Format(timeFormat), w.path, w.last.Time.Format(timeFormat)).
			WithHint("set the clock right; no event is dated before another that it follows")
	}
	if e.Time.Equal(w.last.Time) && w.head.Size > 0 {
		e.ID = w.last.ID
		for i := len(e.ID) - 1; i >= 6; i-- { // the first six bytes are the time
			if e.ID[i]++; e.ID[i] != 0 {
				return nil
			}
		}
		return fault.New(fault.TimelineMalformed, "there are no more ids in this millisecond") // one in 2^80
	}
	var random [10]byte
	rand.Read(random[:]) // never fails, see crypto/rand
	random[0] &= 0x7f    // so that there are ids left in this millisecond
	if err := e.ID.SetTime(ulid.Timestamp(e.Time)); err != nil {
		return fault.Wrap(fault.TimelineMalformed, err, "the clock says %s, which no id can hold", e.Time)
	}
	return e.ID.SetEntropy(random[:])
}

func newSalt() string {
	salt := make([]byte, saltSize/2)
	rand.Read(salt) // never fails, see crypto/rand
	return hex.EncodeToString(salt)
}

// flush writes the buffer and waits for it to be on disk.
func (w *writer) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.file.WriteAt(w.buf, w.end)
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		// Nothing of a group stays that was not written whole.
		return errors.Join(Kind().WriteFault(w.path, err), w.file.Truncate(w.end))
	}
	w.end += int64(len(w.buf))
	w.buf = w.buf[:0]
	return nil
}

// check returns the details as they are written, in the form of RFC 8785.
func (e *Entry) check() (jsontext.Value, error) {
	bad := func(format string, args ...any) *fault.Error {
		return fault.New(fault.TimelineMalformed, format, args...)
	}
	p := parsed{Event: Event{Seq: 1, Category: e.Category, Kind: e.Kind, Tenant: e.Tenant, TraceID: e.TraceID, Supersedes: e.Supersedes}}
	p.Time = ulid.Time(0).UTC()
	if err := p.check(); err != nil {
		return nil, bad("malformed event of kind %.100q: %v", e.Kind, err).WithHint("the categories are scanner, policy, runtime, evidence and notify")
	}
	if !utf8.ValidString(e.Kind + "\x00" + e.Tenant + "\x00" + e.TraceID) {
		return nil, bad("malformed event: a text in it is not valid UTF-8")
	}
	details := e.Details
	if details == nil {
		details = jsontext.Value("{}")
	}
	out, err := canonical.Append(nil, details)
	switch {
	case err != nil:
		return nil, fault.Wrap(fault.TimelineMalformed, err, "malformed details of an event of kind %.100q", e.Kind)
	case !bytes.HasPrefix(out, []byte{'{'}):
		return nil, bad("the details of an event of kind %.100q are no JSON object", e.Kind)
	case len(out) > MaxDetails:
		return nil, bad("the details of an event of kind %.100q have over %d bytes", e.Kind, MaxDetails)
	}
	return out, nil
}
