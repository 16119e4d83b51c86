package strictjson

import (
	"bytes"
	"encoding/json/jsontext"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Decoder reads one JSON text, member by member. It is not safe for
// concurrent use.
type Decoder struct {
	plain   plain // of a text in memory
	isPlain bool  // plain reads it still, and not dec

	dec  *jsontext.Decoder // nil before the first use
	text bytes.Buffer      // what dec reads, of a text in memory
	el   *elider           // nil for a text in memory
	src  io.ReaderAt
	base int64 // where the text begins in src
	size int64
}

// NewDecoder returns a Decoder over size bytes of src from offset off. All of
// the text but its long strings is at most overhead bytes.
func NewDecoder(src io.ReaderAt, off, size, overhead int64) *Decoder {
	d := &Decoder{}
	d.Reset(src, off, size, overhead)
	return d
}

// Reset makes d what NewDecoder returns, in the memory that it has.
func (d *Decoder) Reset(src io.ReaderAt, off, size, overhead int64) {
	d.src, d.base, d.size = src, off, size
	d.Rewind(overhead)
}

// ResetBytes makes d a Decoder of b, in the memory that it has, which cannot be rewound. b is
// at most a MiB and must not change meanwhile.
func (d *Decoder) ResetBytes(b []byte) {
	d.src, d.base, d.size = nil, 0, int64(len(b))
	d.isPlain, d.el = true, nil
	d.plain.reset(b)
}

// Plain reports whether all that was read so far is plain: in memory, without escape
// sequences, without other numbers than integers, and of little depth.
func (d *Decoder) Plain() bool { return d.isPlain }

// inMemory returns a text that is in memory already and that no limit concerns.
// The decoder reads such bytes where they are and does not change them.
func inMemory(src io.ReaderAt, off, size, overhead int64) ([]byte, bool) {
	held, ok := src.(interface {
		Slice(off, n int64) ([]byte, bool)
	})
	if !ok || size > min(longString, overhead) {
		return nil, false
	}
	return held.Slice(off, size)
}

// Rewind starts over at the beginning of the text, with another bound on what is
// not a long string. It costs less than a new Decoder.
func (d *Decoder) Rewind(overhead int64) {
	b, ok := inMemory(d.src, d.base, d.size, overhead)
	d.isPlain = ok
	if ok {
		d.el = nil
		d.plain.reset(b)
		return
	}
	d.el = newElider(io.NewSectionReader(d.src, d.base, d.size), d.base, d.size, overhead)
	d.read(d.el)
}

// Object reads an object and calls member with the name of each of its
// members, whose value member must read. A name that is not known is skipped;
// one that differs from a known name only by case is an error, since a lenient
// reader would take it for that name.
func (d *Decoder) Object(known []string, member func(name string) error) error {
	return d.object(known, func(name string) error {
		for _, k := range known {
			if name == k {
				return member(name)
			}
		}
		for _, k := range known {
			if strings.EqualFold(name, k) {
				return fmt.Errorf("member %q must be spelled %q", name, k)
			}
		}
		return d.Skip()
	})
}

// ClosedObject is like Object and refuses names that are not known.
func (d *Decoder) ClosedObject(known []string, member func(name string) error) error {
	return d.object(known, func(name string) error {
		for _, k := range known {
			if name == k {
				return member(name)
			}
		}
		return fmt.Errorf("unknown member %q", name)
	})
}

// Message is ClosedObject for the JSON of protocol buffers, where a member that is null is
// not there.
func (d *Decoder) Message(known []string, member func(name string) error) error {
	return d.ClosedObject(known, func(name string) error {
		if d.Null() {
			return nil
		}
		return member(name)
	})
}

// Members reads an object that may have any members. The names that are likely take no
// memory.
func (d *Decoder) Members(likely []string, member func(name string) error) error {
	return d.object(likely, member)
}

func (d *Decoder) object(known []string, member func(name string) error) error {
	if err := d.expect('{'); err != nil {
		return err
	}
	for d.Kind() != '}' {
		name, err := d.name(known)
		if err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
	return d.token()
}

// Array reads an array of at most limit elements and calls element for each,
// which must read it.
func (d *Decoder) Array(limit int, element func(i int) error) error {
	if err := d.expect('['); err != nil {
		return err
	}
	for i := 0; d.Kind() != ']'; i++ {
		if i == limit {
			return fmt.Errorf("more than %d elements at %s", limit, d.path())
		}
		if err := element(i); err != nil {
			return err
		}
	}
	return d.token()
}

// String reads a string of at most limit bytes. One that is likely takes no memory.
func (d *Decoder) String(limit int, likely ...string) (string, error) {
	text, err := d.short(limit)
	return oneOf(likely, text), err
}

// short is String for who only looks at it.
func (d *Decoder) short(limit int) ([]byte, error) {
	text, err := d.Text()
	if err != nil {
		return nil, err
	}
	if text.inPlace || len(text.inline) > limit {
		return nil, fmt.Errorf("string at %s is longer than %d bytes", d.path(), limit)
	}
	return text.inline, nil
}

// Text reads a string of any length.
func (d *Decoder) Text() (Text, error) {
	if k := d.Kind(); k != '"' {
		return Text{}, d.unexpected(k, "a string")
	}
	raw, err := d.value()
	switch {
	case err != nil:
		return Text{}, err
	case d.isPlain:
		return Text{inline: raw[1 : len(raw)-1]}, nil
	}
	if f, ok := d.el.at(d.dec.InputOffset()); ok {
		return Text{src: d.src, off: f.start, size: f.end - f.start, escaped: f.escaped, inPlace: true}, nil
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	return Text{inline: text}, err
}

// maxIntegerSize bounds a number's text: the digits and sign of any int64.
const maxIntegerSize = 20

// Int64 reads a number that is an integer and written as one.
func (d *Decoder) Int64() (int64, error) {
	if k := d.Kind(); k != '0' {
		return 0, d.unexpected(k, "a number")
	}
	raw, err := d.Raw(maxIntegerSize)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not an integer of 64 bits", d.path())
	}
	return n, nil
}

// Raw reads a value of at most limit bytes as it is written.
func (d *Decoder) Raw(limit int) (jsontext.Value, error) {
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	if len(v) > limit {
		return nil, fmt.Errorf("value at %s is longer than %d bytes", d.path(), limit)
	}
	return v.Clone(), nil
}

// Skip reads a value and forgets it.
func (d *Decoder) Skip() error {
	if d.isPlain {
		if _, ok := d.plain.value(); ok {
			return nil
		}
		d.leave()
	}
	return d.explain(d.dec.SkipValue())
}

// Null reports whether the next value is null, and reads it if so.
func (d *Decoder) Null() bool { return d.Kind() == 'n' && d.token() == nil }

// End fails unless the text ends here, and unless every long string was asked
// for: one that nobody wanted is over the limit of its place.
func (d *Decoder) End() error {
	if err := d.atEnd(); err != nil {
		return err
	}
	return d.Unclaimed()
}

// Unclaimed fails if a long string stood where none may.
func (d *Decoder) Unclaimed() error {
	if d.el == nil {
		return nil
	}
	for _, f := range d.el.found {
		if !f.claimed {
			return fmt.Errorf("string of %d bytes at byte %d is longer than its place allows", f.end-f.start, f.start)
		}
	}
	return nil
}

// More reports whether anything but white space follows.
func (d *Decoder) More() bool { return d.atEnd() != nil }

func (d *Decoder) expect(k jsontext.Kind) error {
	if got := d.Kind(); got != k {
		return d.unexpected(got, kindName(k))
	}
	return d.token()
}
