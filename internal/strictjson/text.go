package strictjson

import (
	"bytes"
	"errors"
	"io"
	"strconv"
)

// Text is a string of any length. Short ones are in memory; long ones are read
// from the document each time.
type Text struct {
	inline  []byte // nobody may change it: it may be part of the document
	inPlace bool
	escaped bool
	src     io.ReaderAt
	off     int64
	size    int64
}

// errEscape refuses what the in-place reader does not decode.
var errEscape = errors.New("escaped character outside of ASCII")

// maxEscape is the length of the longest escape sequence, "\u0041", in bytes.
const maxEscape = 6

// Inline returns the string and true if it is in memory. The caller must not change
// it.
func (t Text) Inline() ([]byte, bool) { return t.inline, !t.inPlace }

// Span returns the number of characters of a string that has no escape
// sequences and is not in memory, and whether that is so.
func (t Text) Span() (int64, bool) { return t.size, t.inPlace && !t.escaped }

// Tail returns the last n bytes, or fewer, of a string that is not in memory
// and has no escape sequences.
func (t Text) Tail(n int64) ([]byte, error) {
	n = min(n, t.size)
	b := make([]byte, n)
	if _, err := t.src.ReadAt(b, t.off+t.size-n); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// Each calls f with the string's bytes, unescaped, piece by piece. f must not
// keep the slice.
func (t Text) Each(f func(piece []byte) error) error {
	if !t.inPlace {
		return f(t.inline)
	}
	if t.escaped {
		return t.eachUnescaped(f)
	}
	return t.eachRaw(f)
}

func (t Text) eachRaw(f func(piece []byte) error) error {
	buf := make([]byte, min(256<<10, t.size))
	for done := int64(0); done < t.size; {
		n, err := t.src.ReadAt(buf[:min(int64(len(buf)), t.size-done)], t.off+done)
		if n == 0 {
			return errors.Join(io.ErrUnexpectedEOF, err)
		}
		if err := f(buf[:n]); err != nil {
			return err
		}
		done += int64(n)
	}
	return nil
}

func (t Text) eachUnescaped(f func(piece []byte) error) error {
	var carry []byte
	var out []byte
	raw := t
	raw.escaped = false
	var done int64
	err := raw.eachRaw(func(piece []byte) error {
		done += int64(len(piece))
		carry = append(carry, piece...)
		var err error
		out, carry, err = unescape(out[:0], carry, done == t.size)
		if err != nil {
			return err
		}
		return f(out)
	})
	return err
}

// unescape appends what b says to dst and returns what it could not decide yet.
// Only characters up to U+007F may be escaped: what is left in place is base64.
func unescape(dst, b []byte, last bool) (out, rest []byte, err error) {
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return append(dst, b...), nil, nil
		}
		dst, b = append(dst, b[:i]...), b[i:]
		if len(b) < maxEscape && !last {
			return dst, bytes.Clone(b), nil
		}
		c, n, err := escapedByte(b)
		if err != nil {
			return nil, nil, err
		}
		dst, b = append(dst, c), b[n:]
	}
}

func escapedByte(b []byte) (c byte, n int, err error) {
	if len(b) < 2 {
		return 0, 0, errEscape
	}
	if b[1] != 'u' {
		if i := bytes.IndexByte([]byte(`"\/bfnrt`), b[1]); i >= 0 {
			return "\"\\/\b\f\n\r\t"[i], 2, nil
		}
		return 0, 0, errEscape
	}
	if len(b) < maxEscape {
		return 0, 0, errEscape
	}
	v, err := strconv.ParseUint(string(b[2:maxEscape]), 16, 8)
	if err != nil || v > 0x7f {
		return 0, 0, errEscape
	}
	return byte(v), maxEscape, nil
}
