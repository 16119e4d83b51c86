package audit

import (
	"time"
)

// Version is the version of the format, which every record names.
const Version = 1

// Limits on a record, so that each is read in bounded memory.
const (
	// MaxSubjects is how many subjects' digests a record lists; it counts all.
	MaxSubjects = 16
	// MaxLine bounds the line of a record with its line feed, in bytes.
	MaxLine = 64 << 10
	// maxText bounds a text in bytes; a longer one is cut and ends in "…".
	maxText = 512
	// maxType bounds a predicate type, in bytes.
	maxType = 1 << 10
	// maxDigest bounds a subject's digest, in bytes: SHA-512 in hex and its name.
	maxDigest = 160
)

// Decision says how a use of a key ended.
type Decision string

// The decisions.
const (
	Allowed Decision = "allowed" // the signature was released
	Refused Decision = "refused" // trust, policy or the key's own guard said no
	Failed  Decision = "failed"  // it could not be done
	// Recovered marks a record of the log about itself: the end of a write that a
	// crash cut off was removed.
	Recovered Decision = "recovered"
)

func (d Decision) known() bool {
	return d == Allowed || d == Refused || d == Failed || d == Recovered
}

// Request says on whose behalf a key is used. It is the same for all uses of
// one command or one call of the service.
type Request struct {
	Tenant    string `json:"tenant"`
	Caller    string `json:"caller"`    // locally uid:1000/alice@host
	Operation string `json:"operation"` // the command, such as "sign sbom"
	// Issuer is how the signature's identity comes about: keyed, keyless, remote.
	Issuer      string `json:"issuer"`
	Entitlement string `json:"entitlement"` // state of the entitlement; "n/a" locally
	RequestID   string `json:"requestId"`
	TraceID     string `json:"traceId"` // of W3C trace context, or empty
}

// Key is the key that was used or asked for.
type Key struct {
	Source string `json:"keySource"` // scheme of the driver: file, pkcs11, …
	Ref    string `json:"keyRef"`    // the reference as the user gave it
	// ID is the key id, empty if the key could not be opened.
	ID string `json:"keyId"`
}

// Content is what was to be signed.
type Content struct {
	Subjects      []string `json:"subjects"` // digests of the first MaxSubjects subjects, sha256:<hex>
	SubjectCount  int      `json:"subjectCount"`
	PredicateType string   `json:"predicateType"` // empty for bare bytes
	// PayloadSHA256 is in hex, empty if the payload was not read.
	PayloadSHA256 string `json:"payloadSha256"`
}

// Outcome is how a use ended.
type Outcome struct {
	// SignatureSHA256 is over the raw signature, in hex; empty if there is none.
	SignatureSHA256 string   `json:"signatureSha256"`
	Decision        Decision `json:"decision"`
	// Reason is a word of internal/fault, empty for Allowed.
	Reason string `json:"reason"`
	Note   string `json:"note"`
}

// Entry is a record before the log gives it its place.
type Entry struct {
	Request
	Key
	Content
	Outcome

	// constant is Request and Key as they are written, if that is known already.
	constant []byte
}

// Record is one line of a log. All its members are always there, in this
// order.
type Record struct {
	V    int       `json:"v"`
	Seq  uint64    `json:"seq"`  // from 1
	Time time.Time `json:"time"` // when the record was written, UTC
	Entry
	// Prev is the SHA-256 of the line before, in hex, and zeros for the first.
	Prev string `json:"prev"`
}
