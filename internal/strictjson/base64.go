package strictjson

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

var errLineBreak = errors.New("malformed base64: line break")

// DecodeBase64 decodes either alphabet of RFC 4648, sections 4 and 5, but not
// both in one text: padded, without line breaks, with zero trailing bits.
func DecodeBase64(s string) ([]byte, error) {
	encoding := base64.StdEncoding
	if has(s, '-') || has(s, '_') {
		encoding = base64.URLEncoding
	}
	if has(s, '\r') || has(s, '\n') {
		return nil, errLineBreak // which the library passes over
	}
	b, err := encoding.Strict().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("malformed base64: %w", err)
	}
	return b, nil
}

// has is strings.ContainsAny for one byte, and many times as fast.
func has(s string, c byte) bool { return strings.IndexByte(s, c) >= 0 }

// Bytes reads base64 of at most limit bytes.
func (d *Decoder) Bytes(limit int) ([]byte, error) {
	s, err := d.String((limit + 2) / 3 * 4)
	if err != nil {
		return nil, err
	}
	return DecodeBase64(s)
}
