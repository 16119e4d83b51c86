package dsse

import (
	"errors"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/strictjson"
)

// The table's flags above the 24 data bits of a group.
const (
	flagInvalid = 1 << (24 + iota)
	flagStandard
	flagURL
)

var (
	errBase64Alphabet = errors.New("character that is not base64")
	errBase64Mixed    = errors.New("standard and URL-safe base64 mixed")
	errBase64Length   = errors.New("base64 length is not a multiple of four")
	errBase64Padding  = errors.New("base64 padding out of place")
	errBase64Trailing = errors.New("base64 with non-zero trailing bits")
)

// base64Table maps a character to its 6 bits for each of the four places of a
// group, so that a group is decoded by four loads and three ors.
var base64Table = newBase64Table()

func newBase64Table() *[4][256]uint32 {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	var t [4][256]uint32
	for place := range t {
		for c := range t[place] {
			t[place][c] = flagInvalid
		}
		set := func(c byte, v, flag uint32) { t[place][c] = v<<(18-6*place) | flag }
		for i, c := range []byte(alphabet) {
			set(c, uint32(i), 0)
		}
		set('+', 62, flagStandard)
		set('/', 63, flagStandard)
		set('-', 62, flagURL)
		set('_', 63, flagURL)
	}
	return &t
}

// base64Decoder decodes a stream of base64 in either alphabet of RFC 4648,
// sections 4 and 5, but not both; padded; without line breaks; with zero
// trailing bits.
type base64Decoder struct {
	w     io.Writer
	carry []byte // up to four characters; the last group waits for the end
	out   []byte
	flags uint32
}

// write decodes all of src but the last one to four characters.
func (d *base64Decoder) write(src []byte) error {
	if n := len(d.carry); n > 0 {
		take := min(4-n, len(src))
		d.carry, src = append(d.carry, src[:take]...), src[take:]
		if len(src) == 0 {
			return nil // the carried group may be the last one
		}
		if err := d.groups(d.carry); err != nil {
			return err
		}
		d.carry = d.carry[:0]
	}
	keep := (len(src)-1)%4 + 1
	if err := d.groups(src[:len(src)-keep]); err != nil {
		return err
	}
	d.carry = append(d.carry, src[len(src)-keep:]...)
	return nil
}

// groups decodes whole groups without padding.
func (d *base64Decoder) groups(src []byte) error {
	if len(src) == 0 {
		return nil
	}
	t := base64Table
	d.out = d.out[:0]
	if need := len(src) / 4 * 3; cap(d.out) < need {
		d.out = make([]byte, 0, need)
	}
	out := d.out[:len(src)/4*3]
	flags := d.flags
	for i, j := 0, 0; i+4 <= len(src) && j+3 <= len(out); i, j = i+4, j+3 {
		s, o := src[i:i+4:i+4], out[j:j+3:j+3]
		v := t[0][s[0]] | t[1][s[1]] | t[2][s[2]] | t[3][s[3]]
		flags |= v
		o[0], o[1], o[2] = byte(v>>16), byte(v>>8), byte(v)
	}
	d.flags = flags
	if err := d.check(); err != nil {
		return err
	}
	_, err := d.w.Write(out)
	return err
}

func (d *base64Decoder) check() error {
	if d.flags&flagInvalid != 0 {
		return errBase64Alphabet
	}
	if d.flags&flagStandard != 0 && d.flags&flagURL != 0 {
		return errBase64Mixed
	}
	return nil
}

// close decodes the last group.
func (d *base64Decoder) close() error {
	switch {
	case len(d.carry) == 0:
		return nil
	case len(d.carry) != 4:
		return errBase64Length
	}
	group := d.carry
	padding := len(group) - len(strings.TrimRight(string(group), "="))
	if padding == 0 {
		return d.groups(group)
	}
	if padding > 2 {
		return errBase64Padding
	}
	return d.last(group, padding)
}

func (d *base64Decoder) last(group []byte, padding int) error {
	var v uint32
	for place, c := range group[:4-padding] {
		v |= base64Table[place][c]
	}
	d.flags |= v
	if err := d.check(); err != nil {
		return err
	}
	n := 3 - padding
	if v&(1<<(8*padding)-1) != 0 {
		return errBase64Trailing
	}
	_, err := d.w.Write([]byte{byte(v >> 16), byte(v >> 8)}[:n])
	return err
}

// encodedContent is base64 text that decodes each time it is written. It
// implements Content.
type encodedContent struct {
	text strictjson.Text
	size int64
}

// held is content in memory that nobody else can change.
type held struct{ Bytes }

// newEncodedContent measures text that is not in memory. Its characters are judged when
// it is decoded; for a text with escapes that is now.
func newEncodedContent(text strictjson.Text) (Content, error) {
	c := &encodedContent{text: text}
	if n, ok := text.Span(); ok {
		return c.measure(n)
	}
	n, err := c.WriteTo(io.Discard)
	c.size = n
	return c, err
}

func (c *encodedContent) measure(characters int64) (Content, error) {
	tail, err := c.text.Tail(2)
	if err != nil {
		return nil, err
	}
	if characters%4 != 0 {
		return nil, errBase64Length
	}
	c.size = characters/4*3 - int64(strings.Count(string(tail), "="))
	return c, nil
}

func (c *encodedContent) Size() int64 { return c.size }

func (c *encodedContent) WriteTo(w io.Writer) (int64, error) {
	counted := &countingWriter{w: w}
	d := &base64Decoder{w: counted}
	if err := c.text.Each(d.write); err != nil {
		return counted.n, err
	}
	err := d.close()
	return counted.n, err
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
