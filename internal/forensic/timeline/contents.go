package timeline

import (
	"encoding/binary"

	"github.com/oklog/ulid/v2"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/spill"
)

// sortMemory bounds what is held of all events while notices are brought together
// with what they take back, in bytes. The rest is in a temporary file.
const sortMemory = 8 << 20

// contents brings redaction notices together with the events that they take back:
// records sorted by the id of the event, the event before the notices.
type contents struct {
	sorter *spill.Sorter
	// needed says that there is a notice, or an event without content.
	needed bool
	record [recordSize]byte
}

// The parts of a record.
const (
	atRole     = len(ulid.ULID{})
	atLine     = atRole + 1
	atFlag     = atLine + 8
	atHash     = atFlag + 1
	recordSize = atHash + len(chain.Hash{})
)

// The roles, in their order.
const (
	roleEvent byte = iota
	roleNotice
)

// The flags.
const (
	withContent byte = iota
	withoutContent
	isNotice
)

func newContents() *contents {
	return &contents{sorter: spill.NewSorter("the events of a timeline", sortMemory)}
}

func (c *contents) close() { _ = c.sorter.Close() } // nothing was kept

// add takes in an event.
func (c *contents) add(e *Event, line int) error {
	flag := withContent
	switch {
	case e.Redacts():
		flag = isNotice
	case e.Details == nil:
		flag = withoutContent
	}
	c.needed = c.needed || flag != withContent
	if err := c.put(e.ID, roleEvent, flag, line, e.DetailsSHA256); err != nil || !e.Redacts() {
		return err
	}
	hash, _ := redactedHash(e.Details) // zero is no hash of anything
	return c.put(e.Supersedes, roleNotice, isNotice, line, hash)
}

func (c *contents) put(id ulid.ULID, role, flag byte, line int, hash chain.Hash) error {
	b := c.record[:]
	copy(b, id[:])
	b[atRole], b[atFlag] = role, flag
	binary.BigEndian.PutUint64(b[atLine:], uint64(line))
	copy(b[atHash:], hash[:])
	return c.sorter.Add(b)
}

// redaction is an event and the notices about it, as they are met.
type redaction struct {
	id      ulid.ULID
	met     bool // the event
	flag    byte
	line    int
	hash    chain.Hash
	notices int
}

// judge adds to a report what is wrong with notices and with content that is gone.
func (c *contents) judge(r *Report) error {
	if !c.needed {
		return nil
	}
	var at redaction
	for record, err := range c.sorter.Sorted() {
		if err != nil {
			return err
		}
		id := ulid.ULID(record[:atRole])
		if id != at.id {
			at.end(r)
			at = redaction{id: id}
		}
		at.take(r, record)
	}
	at.end(r)
	return nil
}

func (at *redaction) take(r *Report, record []byte) {
	line := int(binary.BigEndian.Uint64(record[atLine:]))
	hash := chain.Hash(record[atHash:])
	switch {
	case record[atRole] == roleEvent && at.met:
		// The chain has said already that the timeline forks or was reordered.
	case record[atRole] == roleEvent:
		at.met, at.flag, at.line, at.hash = true, record[atFlag], line, hash
	case !at.met:
		r.problem(line, "a redaction notice is about event %s, which is not there", at.id)
	case at.flag == isNotice:
		r.problem(line, "a redaction notice is about event %s, which is a notice itself", at.id)
	case line <= at.line:
		r.problem(line, "a redaction notice stands before event %s, which it is about", at.id)
	case hash != at.hash:
		r.problem(line, "a redaction notice repeats another hash than that of the content of event %s", at.id)
	default:
		at.notices++
	}
}

// end judges an event when all notices about it were met.
func (at *redaction) end(r *Report) {
	if at.notices > 0 {
		r.Redacted++
	}
	if !at.met || at.flag != withoutContent {
		return
	}
	r.Removed++
	if at.notices == 0 {
		r.problem(at.line, "the content of event %s was removed, and no redaction notice says so", at.id)
	}
}
