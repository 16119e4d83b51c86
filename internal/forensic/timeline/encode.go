package timeline

import (
	"crypto/sha256"
	"encoding/json/jsontext"
	"strconv"

	"github.com/oklog/ulid/v2"

	"github.com/stellaops/stella/internal/chain"
)

// timeFormat has a fixed width: milliseconds, as a ULID has them, and UTC.
const timeFormat = "2006-01-02T15:04:05.000Z"

// saltSize is the length of a salt in hex digits: 128 bits.
const saltSize = 32

// appendEvent appends the line of an event.
func appendEvent(b []byte, e *Event) []byte {
	b = appendHead(b, e)
	if e.Details == nil {
		return append(b, "}\n"...)
	}
	b = append(b, ',')
	b = appendContent(b, e)
	return append(b, "}\n"...)
}

// appendHead appends what the chain runs through, without its end.
func appendHead(b []byte, e *Event) []byte {
	b = append(b, lineBegin...)
	b = strconv.AppendUint(b, e.Seq, 10)
	b = append(b, `,"event_id":"`...)
	b = append(b, e.ID.String()...)
	b = append(b, `","timestamp":"`...)
	b = e.Time.UTC().AppendFormat(b, timeFormat)
	b = appendText(append(b, `","tenant":`...), e.Tenant)
	b = appendText(append(b, `,"category":`...), e.Category)
	b = appendText(append(b, `,"kind":`...), e.Kind)
	b = appendText(append(b, `,"trace_id":`...), e.TraceID)
	b = append(b, `,"supersedes":"`...)
	if e.Supersedes != (ulid.ULID{}) {
		b = append(b, e.Supersedes.String()...)
	}
	b = append(b, `","details_sha256":"`...)
	b = e.DetailsSHA256.AppendHex(b)
	b = append(b, `","prev":"`...)
	b = e.Prev.AppendHex(b)
	return append(b, '"')
}

// appendContent appends the members that details_sha256 is over.
func appendContent(b []byte, e *Event) []byte {
	b = append(b, `"details":`...)
	b = append(b, e.Details...)
	b = append(b, `,"salt":"`...)
	b = append(b, e.Salt...)
	return append(b, '"')
}

// commit returns what details_sha256 says of an event's content.
func commit(e *Event) chain.Hash {
	b := append(appendContent([]byte{'{'}, e), '}')
	return sha256.Sum256(b)
}

// appendText appends s, which is valid UTF-8, as RFC 8785 writes it.
func appendText(b []byte, s string) []byte {
	out, err := jsontext.AppendQuote(b, s)
	if err != nil {
		return append(b, `""`...) // cannot be: it is valid UTF-8
	}
	return out
}
