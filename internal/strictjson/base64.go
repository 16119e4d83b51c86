package strictjson

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
)

// The two alphabets, with zero trailing bits. They do not change; Strict makes a new table
// each time.
var (
	strictStd = base64.StdEncoding.Strict()
	strictURL = base64.URLEncoding.Strict()
)

var errLineBreak = errors.New("malformed base64: line break")

// DecodeBase64 is DecodeBase64Bytes for a string.
func DecodeBase64(s string) ([]byte, error) { return DecodeBase64Bytes([]byte(s)) }

// DecodeBase64Bytes decodes either alphabet of RFC 4648, sections 4 and 5, but not
// both in one text: padded, without line breaks, with zero trailing bits.
func DecodeBase64Bytes(text []byte) ([]byte, error) {
	if has(text, '\r') || has(text, '\n') {
		return nil, errLineBreak // which the library passes over
	}
	b := make([]byte, strictStd.DecodedLen(len(text)))
	n, err := strictStd.Decode(b, text)
	if err != nil && (has(text, '-') || has(text, '_')) {
		n, err = strictURL.Decode(b, text)
	}
	if err != nil {
		return nil, fmt.Errorf("malformed base64: %w", err)
	}
	return b[:n], nil
}

// has is bytes.ContainsAny for one byte, and many times as fast.
func has(text []byte, c byte) bool { return bytes.IndexByte(text, c) >= 0 }

// Bytes reads base64 of at most limit bytes.
func (d *Decoder) Bytes(limit int) ([]byte, error) {
	text, err := d.short((limit + 2) / 3 * 4)
	if err != nil {
		return nil, err
	}
	b, err := DecodeBase64Bytes(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.path(), err)
	}
	return b, nil
}
