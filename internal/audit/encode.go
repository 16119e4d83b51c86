package audit

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"encoding/json/jsontext"

	"github.com/stellaops/stella/internal/chain"
)

// timeFormat has a fixed width: microseconds, UTC.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// appendEntry appends the members of a record that its caller knows. A record
// is written by hand because a batch writes tens of thousands each second.
func appendEntry(b []byte, e *Entry) []byte {
	if e.constant != nil {
		b = append(b, e.constant...)
	} else {
		b = appendConstant(b, &e.Request, &e.Key)
	}
	b = appendContent(b, e.Subjects, e.SubjectCount, e.PredicateType)
	b = appendMember(b, payloadMember, e.PayloadSHA256, maxText)
	b = appendMember(b, signatureMember, e.SignatureSHA256, maxText)
	return appendDecision(b, &e.Outcome)
}

// The members with the digests of what was signed and of the signature.
const (
	payloadMember   = `,"payloadSha256":`
	signatureMember = `,"signatureSha256":`
)

// appendContent appends what was to be signed, but for its digest.
func appendContent[T text](b []byte, subjects []T, count int, predicateType string) []byte {
	b = append(b, `,"subjects":[`...)
	for i, digest := range subjects[:min(len(subjects), MaxSubjects)] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, digest, maxDigest)
	}
	b = append(b, `],"subjectCount":`...)
	b = strconv.AppendInt(b, int64(count), 10)
	return appendMember(b, `,"predicateType":`, predicateType, maxType)
}

func appendDecision(b []byte, o *Outcome) []byte {
	b = appendMember(b, `,"decision":`, string(o.Decision), maxText)
	b = appendMember(b, `,"reason":`, o.Reason, maxText)
	return appendMember(b, `,"note":`, o.Note, maxText)
}

// appendConstant appends what all uses of one key by one command share.
func appendConstant(b []byte, r *Request, k *Key) []byte {
	b = appendMember(b, `"tenant":`, r.Tenant, maxText)
	b = appendMember(b, `,"caller":`, r.Caller, maxText)
	b = appendMember(b, `,"operation":`, r.Operation, maxText)
	b = appendMember(b, `,"issuer":`, r.Issuer, maxText)
	b = appendMember(b, `,"entitlement":`, r.Entitlement, maxText)
	b = appendMember(b, `,"requestId":`, r.RequestID, maxText)
	b = appendMember(b, `,"traceId":`, r.TraceID, maxText)
	b = appendMember(b, `,"keySource":`, k.Source, maxText)
	b = appendMember(b, `,"keyRef":`, k.Ref, maxText)
	return appendMember(b, `,"keyId":`, k.ID, maxText)
}

// text is what a string is written from.
type text interface{ string | []byte }

func appendMember(b []byte, name, value string, limit int) []byte {
	return appendText(append(b, name...), value, limit)
}

func appendHash(b []byte, name string, h Hash) []byte {
	b = append(append(b, name...), '"')
	return append(h.AppendHex(b), '"')
}

// appendText appends s as a JSON string, cut to limit bytes.
func appendText[T text](b []byte, s T, limit int) []byte {
	if len(s) > limit {
		return appendQuoted(b, cut(string(s), limit))
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendQuoted(b, string(s))
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// ellipsis ends a text that was cut.
const ellipsis = "…"

func cut(s string, limit int) string {
	n := limit - len(ellipsis)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + ellipsis
}

// appendQuoted is appendText for texts that need a closer look. What is not
// UTF-8 is replaced: a hostile name must not keep a use of a key out of the log.
func appendQuoted(b []byte, s string) []byte {
	out, err := jsontext.AppendQuote(b, strings.ToValidUTF8(s, "\uFFFD"))
	if err != nil {
		return append(b, `""`...) // cannot be: it is valid UTF-8
	}
	return out
}

// lineBegin is how the line of every record begins.
const lineBegin = `{"v":1,"seq":`

func appendTime(b []byte, t time.Time) []byte { return t.UTC().AppendFormat(b, timeFormat) }

// appendHead appends what comes before the entry. at is a time as appendTime
// writes it.
func appendHead(b []byte, seq uint64, at []byte) []byte {
	b = append(b, lineBegin...)
	b = strconv.AppendUint(b, seq, 10)
	b = append(b, `,"time":"`...)
	b = append(b, at...)
	return append(b, `",`...)
}

// The end of every line: the hash of the line before has a fixed place in it.
const (
	prevMember = `,"prev":"`
	lineEnd    = "\"}\n"
	tailSize   = len(prevMember) + chain.HexSize + len(lineEnd)
)

func appendTail(b []byte, prev Hash) []byte {
	b = append(b, prevMember...)
	b = prev.AppendHex(b)
	return append(b, lineEnd...)
}

// appendRecord appends the line of a whole record.
func appendRecord(b []byte, r *Record, prev Hash) []byte {
	b = appendHead(b, r.Seq, appendTime(nil, r.Time))
	b = appendEntry(b, &r.Entry)
	return appendTail(b, prev)
}
