package ui

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
)

// flushAt is how much text is collected, in bytes, before it is written out.
const flushAt = 64 << 10

// Printer draws text on one stream. What is drawn is buffered until Flush;
// the first error of the stream is kept and returned by it.
type Printer struct {
	noun     string
	w        io.Writer
	buf      bytes.Buffer
	err      error
	terminal bool
	width    int // 0: never wrap
	color    bool
	unicode  bool
	dumb     bool   // a terminal that cannot take a line back
	before   func() // called before anything is written; nil for nothing to do
}

// Terminal reports whether a person reads this stream as it is written.
func (p *Printer) Terminal() bool { return p.terminal }

// Line prints parts one after the other on one line. A terminal that is too
// narrow gets them wrapped between words, the rest indented by two.
func (p *Printer) Line(parts ...Text) { p.wrapped("", "  ", parts) }

// Status prints parts behind the glyph of st.
func (p *Printer) Status(st Status, parts ...Text) {
	glyph := st.glyph(p.unicode)
	indent := strings.Repeat(" ", lipgloss.Width(glyph.S)+1)
	p.wrapped(p.paint(glyph.Style, glyph.S)+" ", indent, parts)
}

// Blank prints an empty line.
func (p *Printer) Blank() { p.write("\n") }

// Verbatim prints stella's own words as they are: help, scripts, keys. Never
// pass anything that came from evidence.
func (p *Printer) Verbatim(own string) { p.write(own) }

// ASCIIOnly reports whether the stream is a terminal that shows ASCII alone.
func (p *Printer) ASCIIOnly() bool { return p.terminal && !p.unicode }

// Digest returns a digest for showing: whole in pipes, and with its middle
// left out where a person only compares it at a glance.
func (p *Printer) Digest(digest string) Text {
	const ends = 4 // hex digits on each side
	algorithm, value, ok := strings.Cut(digest, ":")
	if !ok {
		algorithm, value = "", digest
	}
	if !p.terminal || len(value) <= 4*ends || !isHex(value) {
		return T(digest)
	}
	gap := ".."
	if p.unicode {
		gap = "…"
	}
	value = value[:ends] + gap + value[len(value)-ends:]
	if ok {
		value = algorithm + ":" + value
	}
	return T(value)
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// JSON prints v as one indented object and flushes. The text means the same
// as v to a JSON parser, and nothing in it can act on a terminal.
func (p *Printer) JSON(v any) error {
	text, err := json.Marshal(v, jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("failed to encode the result: %w", err)
	}
	p.write(SafeJSON(text, p.ASCIIOnly()) + "\n")
	return p.Flush()
}

// JSONLine prints v as one line of JSON, as safe as JSON does. It is not flushed,
// and returns the first error of the stream.
func (p *Printer) JSONLine(v any) error {
	text, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("failed to encode the result: %w", err)
	}
	p.write(SafeJSON(text, p.ASCIIOnly()) + "\n")
	return p.err
}

// SafeJSON returns a JSON text that means the same and cannot act on a terminal
// or on a CI runner: in its strings, what Escape would show escaped is escaped
// as JSON allows for any character (RFC 8259 section 7), and with asciiOnly all
// that is not ASCII. Outside strings JSON is plain ASCII.
func SafeJSON(text []byte, asciiOnly bool) string {
	var b strings.Builder
	b.Grow(len(text))
	s := string(text)
	for i, r := range s {
		switch {
		case r >= 0x10000 && (asciiOnly || unsafeRune(r)):
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		case r > '~' && (asciiOnly && r >= utf8.RuneSelf || unsafeRune(r)), r == '#' && opensCommand(s, i):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Flush writes out what is buffered.
func (p *Printer) Flush() error {
	if p.before != nil && p.buf.Len() > 0 {
		p.before()
	}
	if p.err == nil && p.buf.Len() > 0 {
		if _, err := p.w.Write(p.buf.Bytes()); err != nil {
			p.err = lost(p.noun, err)
		}
	}
	p.buf.Reset()
	return p.err
}

// write takes finished text: escaped and painted. On a terminal of another
// character set the bytes of UTF-8 could be control characters, so it gets
// ASCII only.
func (p *Printer) write(s string) {
	if p.terminal && !p.unicode {
		s = asciiText(s)
	}
	p.buf.WriteString(s)
	if p.buf.Len() > flushAt {
		_ = p.Flush() // the error is kept
	}
}

func asciiText(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		escapeRune(&b, r)
	}
	return b.String()
}

// paint gives escaped text its colour.
func (p *Printer) paint(style Style, escaped string) string {
	if !p.color || style == Plain || escaped == "" {
		return escaped
	}
	return style.look().Render(escaped)
}
