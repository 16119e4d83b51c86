package strictjson

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
)

// Of the tokens of a text in memory plain finds as many as it can, and the library the
// rest. Of any other text the library finds all.

// read makes the library read r.
func (d *Decoder) read(r io.Reader) {
	if d.dec == nil {
		d.dec = jsontext.NewDecoder(r)
		return
	}
	d.dec.Reset(r)
}

// leave makes the library go on where plain stands. It finds again what plain found up to
// there, and there is no other way to tell it which names the open objects have.
func (d *Decoder) leave() {
	d.isPlain = false
	d.text = *bytes.NewBuffer(d.plain.text)
	d.read(&d.text)
	for d.dec.InputOffset() < int64(d.plain.end) {
		if _, err := d.dec.ReadToken(); err != nil {
			return // which it says again when it is asked for more
		}
	}
}

// Kind returns the kind of the next value without reading it.
func (d *Decoder) Kind() jsontext.Kind {
	if d.isPlain {
		if k, ok := d.plain.kind(); ok {
			return k
		}
		d.leave()
	}
	return d.dec.PeekKind()
}

// token reads what Kind has announced: a bracket or null.
func (d *Decoder) token() error {
	if d.isPlain {
		if d.plain.token() {
			return nil
		}
		d.leave()
	}
	_, err := d.dec.ReadToken()
	return d.explain(err)
}

// value reads a value as it is written, which is good until the next call.
func (d *Decoder) value() (jsontext.Value, error) {
	if d.isPlain {
		if v, ok := d.plain.value(); ok {
			return v, nil
		}
		d.leave()
	}
	v, err := d.dec.ReadValue()
	return v, d.explain(err)
}

// atEnd returns nil if nothing is left but white space.
func (d *Decoder) atEnd() error {
	if d.isPlain {
		if d.plain.atEnd() {
			return nil
		}
		d.leave()
	}
	_, err := d.dec.ReadToken()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return d.explain(err)
	}
	return fmt.Errorf("unexpected content after the document, at byte %d", d.Offset())
}

// name reads a member's name. One that is known takes no memory.
func (d *Decoder) name(known []string) (string, error) {
	if d.isPlain {
		if name, ok := d.plain.name(); ok {
			return oneOf(known, name), nil
		}
		d.leave()
	}
	raw, err := d.dec.ReadValue()
	if err != nil {
		return "", d.explain(err)
	}
	name, err := jsontext.AppendUnquote(nil, raw)
	return oneOf(known, name), err
}

// oneOf is string(text), which takes no memory for one of those that are known.
func oneOf(known []string, text []byte) string {
	for _, k := range known {
		if string(text) == k {
			return k
		}
	}
	return string(text)
}

// Offset returns where in the source the last token or value ended.
func (d *Decoder) Offset() int64 {
	if d.isPlain {
		return d.base + int64(d.plain.end)
	}
	return d.offset(d.dec.InputOffset())
}

// offset returns where in the source a byte of what the decoder sees stands.
func (d *Decoder) offset(out int64) int64 { return d.base + d.el.sourceOffset(out) }
