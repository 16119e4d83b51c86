package timeline

import (
	"encoding/json/jsontext"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// Version is the version of the format, which every event names.
const Version = 1

// Limits on an event, so that each is read in bounded memory.
const (
	// MaxLine bounds the line of an event with its line feed, in bytes.
	MaxLine = 256 << 10
	// MaxDetails bounds the details of an event, in bytes.
	MaxDetails = 128 << 10
	// MaxText bounds tenant, kind and trace id, in bytes.
	MaxText = 256
)

// The categories of events.
const (
	Scanner  = "scanner"
	Policy   = "policy"
	Runtime  = "runtime"
	Evidence = "evidence"
	Notify   = "notify"
)

// Categories returns the categories of events, in the order of the manual.
func Categories() []string { return []string{Scanner, Policy, Runtime, Evidence, Notify} }

// KindRedaction is the kind of an event that takes back the content of another.
const KindRedaction = "redaction_notice"

// categoryOf returns the category of each kind that has one of its own.
func categoryOf() map[string]string {
	return map[string]string{
		"scan.completed":       Scanner,
		"policy.verdict":       Policy,
		"attestation.verified": Evidence,
		"evidence.ingested":    Evidence,
		"notify.sent":          Notify,
		"runtime.alert":        Runtime,
		KindRedaction:          Evidence,
	}
}

// CategoryOf returns the category of a kind, "" for a kind that is not known here.
func CategoryOf(kind string) string { return categoryOf()[kind] }

// Kinds returns the kinds that have a category of their own, sorted. There may be
// others.
func Kinds() []string {
	var kinds []string
	for kind := range categoryOf() {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// ID is the id of an event.
type ID = ulid.ULID

// ParseID reads an id in the only form that it is written in.
func ParseID(text string) (ID, error) {
	id, err := ulid.ParseStrict(text)
	if err != nil || id.String() != text {
		return ID{}, fault.New(fault.UsageInvalid, "%.100q is no id of an event", text).
			WithHint("stella forensic timeline show lists the ids")
	}
	return id, nil
}

// Entry is an event before the timeline gives it its place.
type Entry struct {
	Tenant   string
	Category string
	Kind     string
	TraceID  string
	// Supersedes is the event whose content a redaction notice takes back; zero for
	// every other kind.
	Supersedes ulid.ULID
	// Details is a JSON object.
	Details jsontext.Value
}

// Event is one line of a timeline.
type Event struct {
	Seq           uint64
	ID            ulid.ULID
	Time          time.Time // when the event was added, UTC, to the millisecond
	Tenant        string
	Category      string
	Kind          string
	TraceID       string
	Supersedes    ulid.ULID // zero for none
	DetailsSHA256 chain.Hash
	Prev          chain.Hash
	// Details is what the event says, a JSON object; nil if it was taken away.
	Details jsontext.Value
	Salt    string // 32 hex digits; "" with Details nil
}

// Redacts reports whether the event takes back the content of another.
func (e *Event) Redacts() bool { return e.Kind == KindRedaction }
