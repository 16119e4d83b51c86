package timeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/json/jsontext"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/stellaops/stella/internal/chain"
)

// errForm says that a line is not written as this version writes events.
var errForm = errors.New("it is no event of a timeline, or not written as this version writes events")

// parsed is an event with the hash that its successor names.
type parsed struct {
	Event
	hash chain.Hash
}

// parseEvent reads a line, which ends in its line feed. It takes exactly what
// appendEvent writes: a line that says the same in other bytes is refused. It is
// written by hand because a timeline may have millions of lines. Details stay in the
// line. Of a line that is refused only for what it says, the number comes back, too.
func parseEvent(line []byte) (parsed, error) {
	c := cursor{rest: line}
	var p parsed
	c.skip(lineBegin)
	p.Seq = c.number()
	c.skip(`,"event_id":"`)
	p.ID = c.id()
	c.skip(`","timestamp":"`)
	p.Time = c.time()
	c.skip(`","tenant":`)
	p.Tenant = c.text()
	c.skip(`,"category":`)
	p.Category = c.text()
	c.skip(`,"kind":`)
	p.Kind = c.text()
	c.skip(`,"trace_id":`)
	p.TraceID = c.text()
	c.skip(`,"supersedes":"`)
	if !bytes.HasPrefix(c.rest, []byte{'"'}) {
		p.Supersedes = c.id()
	}
	c.skip(`","details_sha256":"`)
	p.DetailsSHA256 = c.hash()
	c.skip(`","prev":"`)
	p.Prev = c.hash()
	c.skip(`"`)
	if c.failed {
		return parsed{}, versionOr(line, errForm)
	}
	p.hash = hashOf(line[:len(line)-len(c.rest)])
	if err := p.content(c.rest); err != nil {
		return p, err
	}
	return p, p.check()
}

// hashOf returns the hash of the event that begins with head.
func hashOf(head []byte) chain.Hash {
	h := sha256.New()
	h.Write(head)
	h.Write([]byte("}\n"))
	return chain.Hash(h.Sum(nil))
}

// content reads what stands behind the chained members.
func (p *parsed) content(rest []byte) error {
	if string(rest) == "}\n" {
		return nil
	}
	body, ok := bytes.CutPrefix(rest, []byte(`,"details":`))
	const tail = len(`,"salt":"`) + saltSize + len("\"}\n")
	if !ok || len(body) < tail {
		return errForm
	}
	details, end := body[:len(body)-tail], body[len(body)-tail:]
	salt := string(end[len(`,"salt":"`) : len(end)-len("\"}\n")])
	switch {
	case !bytes.HasPrefix(end, []byte(`,"salt":"`)), !bytes.HasSuffix(end, []byte("\"}\n")), strings.Trim(salt, "0123456789abcdef") != "":
		return errForm
	case len(details) == 0 || details[0] != '{' || !jsontext.Value(details).IsValid():
		return errors.New("its details are no JSON object")
	}
	p.Details, p.Salt = jsontext.Value(details), salt
	h := sha256.New()
	h.Write([]byte{'{'})
	h.Write(rest[1 : len(rest)-1])
	if chain.Hash(h.Sum(nil)) != p.DetailsSHA256 {
		return errors.New("its details are not those that it was added with")
	}
	return nil
}

// check judges what the form does not.
func (p *parsed) check() error {
	switch {
	case p.Seq == 0:
		return errors.New("its number is 0")
	case !slices.Contains(Categories(), p.Category):
		return errors.New("its category is unknown")
	case p.Kind == "" || len(p.Kind) > MaxText || len(p.Tenant) > MaxText || len(p.TraceID) > MaxText:
		return errors.New("a text in it is missing or too long")
	case p.Redacts() != (p.Supersedes != ulid.ULID{}):
		return errors.New("a redaction notice, and nothing else, supersedes an event")
	case !ulid.Time(p.ID.Time()).Equal(p.Time):
		return errors.New("its id is of another time than its timestamp")
	}
	return nil
}

// versionOr tells an event of another version from something else.
func versionOr(line []byte, err error) error {
	rest, ok := bytes.CutPrefix(line, []byte(`{"v":`))
	if !ok || bytes.HasPrefix(rest, []byte("1,")) {
		return err
	}
	return errors.New("it has another format version than 1, the only one that this stella reads")
}

// cursor reads a line from its beginning. After a failure it reads nothing more.
type cursor struct {
	rest   []byte
	failed bool
}

func (c *cursor) skip(s string) {
	if c.failed || len(c.rest) < len(s) || string(c.rest[:len(s)]) != s {
		c.failed = true
		return
	}
	c.rest = c.rest[len(s):]
}

// take returns the next n bytes.
func (c *cursor) take(n int) []byte {
	if c.failed || len(c.rest) < n {
		c.failed = true
		return nil
	}
	out := c.rest[:n]
	c.rest = c.rest[n:]
	return out
}

func (c *cursor) number() uint64 {
	n := 0
	for n < len(c.rest) && c.rest[n]-'0' <= 9 {
		n++
	}
	text := string(c.take(n))
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil || strconv.FormatUint(v, 10) != text {
		c.failed = true
	}
	return v
}

func (c *cursor) id() ulid.ULID {
	text := c.take(ulid.EncodedSize)
	if c.failed {
		return ulid.ULID{}
	}
	id, err := ulid.ParseStrict(string(text))
	if err != nil || id.String() != string(text) || id == (ulid.ULID{}) {
		c.failed = true
	}
	return id
}

// time reads a time in timeFormat. time.Parse would take as long as all the rest.
func (c *cursor) time() time.Time {
	text := c.take(len(timeFormat))
	if c.failed {
		return time.Time{}
	}
	const form = "0000-00-00T00:00:00.000Z"
	var parts [7]int
	part := 0
	for i, b := range text {
		switch {
		case form[i] != '0':
			c.failed = c.failed || b != form[i]
			part++
		case b-'0' > 9:
			c.failed = true
		default:
			parts[part] = parts[part]*10 + int(b-'0')
		}
	}
	t := time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], parts[6]*int(time.Millisecond), time.UTC)
	year, month, day := t.Date()
	if year != parts[0] || int(month) != parts[1] || day != parts[2] || parts[3] > 23 || parts[4] > 59 || parts[5] > 59 {
		c.failed = true
	}
	return t
}

func (c *cursor) hash() chain.Hash {
	h, err := chain.ParseHash(c.take(chain.HexSize))
	if err != nil {
		c.failed = true
	}
	return h
}

// text reads a string in the only form that RFC 8785 has for it.
func (c *cursor) text() string {
	if c.failed || len(c.rest) == 0 || c.rest[0] != '"' {
		c.failed = true
		return ""
	}
	for i, b := range c.rest[1:] {
		switch {
		case b == '"':
			s := string(c.rest[1 : i+1])
			c.rest = c.rest[i+2:]
			return s
		case b == '\\' || b < ' ' || b >= 0x7f:
			return c.unusual()
		}
	}
	c.failed = true
	return ""
}

// unusual is text for strings that need a closer look.
func (c *cursor) unusual() string {
	n := 1
	for n < len(c.rest) && c.rest[n] != '"' {
		if c.rest[n] == '\\' {
			n++
		}
		n++
	}
	quoted := c.take(n + 1)
	if c.failed {
		return ""
	}
	plain, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil || !bytes.Equal(appendText(nil, string(plain)), quoted) {
		c.failed = true
	}
	return string(plain)
}
