package material

import (
	"encoding/hex"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"time"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/stellaops/stella/internal/fault"
)

// LogEntry is what became of one entry in a transparency log.
type LogEntry struct {
	// Authority is the log's name in the Root; empty if it is not trusted.
	Authority string
	// Operator is who runs the log; logs of one operator prove together as much as
	// one. Where the Root does not say, it is the log's name.
	Operator string
	// LogID is the id that the entry names, in lower-case hex.
	LogID string
	// Index is the index that the entry names; -1 if it is too malformed for one.
	Index int64
	// Version is Rekor's, 1 or 2; 0 if the entry is of no known type.
	Version int
	// Promise says that a signed entry timestamp was there and verified, Proof the
	// same of an inclusion proof with its checkpoint.
	Promise, Proof bool
	// Time is when the log took the entry. It is zero unless it is proven: by the
	// promise of a Rekor v1.
	Time time.Time
	// Witnesses are those who cosigned the proof's checkpoint.
	Witnesses []Witness
	// Err is nil if everything that is there is about the signature and verified,
	// and the log was trusted when it took the entry: see At. Else it wraps
	// ErrNotTrusted or has reason fault.LogInvalid.
	Err error

	logs    []*log    // those that hold it: one key, with one window or several
	undated *LogEntry // without a time of its own: what it is if a log was trusted then
}

// LogEntries judges log entries as they stand in a bundle ("tlogEntries"), one
// finding for each. The version is the bundle's, such as "v0.3": v0.1 demands a
// promise in each entry, all later ones a proof; with "" either does. No entry may
// be from after the time of verification. A log has to be trusted at the entry's
// Time or, where the entry proves none, at that of verification: see
// [LogEntry.At].
func (r *Root) LogEntries(entries []jsontext.Value, s Signed, version string, at time.Time) []LogEntry {
	if r == nil {
		r = &Root{}
	}
	if len(entries) > MaxEntries {
		return []LogEntry{{Index: -1, Err: fault.New(fault.LogInvalid, "there are more than %d log entries", MaxEntries)}}
	}
	type place struct {
		log   string
		index int64
	}
	seen := make(map[place]bool)
	out := make([]LogEntry, len(entries))
	for i, raw := range entries {
		j := entryJudge{root: r, signed: &s, version: version, at: at, found: &out[i]}
		j.found.Index = -1
		err := j.judge(raw)
		p := place{out[i].LogID, out[i].Index}
		if err == nil && seen[p] {
			err = errors.New("it stands in the bundle twice")
		}
		seen[p] = true
		if err == nil {
			err = out[i].settle(at)
		}
		out[i].conclude(err)
	}
	return out
}

// conclude sets Err, and takes back what a refused entry would prove.
func (e *LogEntry) conclude(err error) {
	e.logs = nil // they have been asked
	if err == nil {
		return
	}
	e.Promise, e.Proof, e.Time, e.Witnesses = false, false, time.Time{}, nil
	e.Err = err
	if !errors.Is(err, ErrNotTrusted) {
		e.Err = fault.Wrap(fault.LogInvalid, err, "log entry %d is invalid", e.Index)
		if e.Index < 0 {
			e.Err = fault.Wrap(fault.LogInvalid, err, "the log entry is malformed")
		}
	}
}

// An entryJudge judges one entry.
type entryJudge struct {
	root    *Root
	signed  *Signed
	version string
	at      time.Time
	found   *LogEntry

	entry *tlog.Entry
	logs  []*log // of the entry's log id
}

func (j *entryJudge) judge(raw jsontext.Value) error {
	if err := j.signed.check(); err != nil {
		return err
	}
	if err := j.parse(raw); err != nil {
		return err
	}
	if j.logs = j.root.logs[j.entry.LogKeyID()]; len(j.logs) == 0 {
		return fmt.Errorf("log entry %d of log %s is %w", j.found.Index, j.found.LogID, ErrNotTrusted)
	}
	if err := j.demand(); err != nil {
		return err
	}
	if err := j.times(); err != nil {
		return err
	}
	j.found.logs = j.logs
	if j.entry.HasInclusionPromise() {
		if err := j.promise(); err != nil {
			return err
		}
	}
	if j.entry.HasInclusionProof() {
		if err := j.proof(); err != nil {
			return err
		}
	}
	return j.about()
}

// parse reads the entry, and refuses what the library takes for granted.
func (j *entryJudge) parse(raw jsontext.Value) error {
	pb := &rekorpb.TransparencyLogEntry{}
	if err := protojson.Unmarshal(raw, pb); err != nil {
		return inWords(err)
	}
	if pb.GetLogIndex() < 0 {
		return errors.New("its index is negative")
	}
	j.found.Index, j.found.LogID = pb.GetLogIndex(), hex.EncodeToString(pb.GetLogId().GetKeyId())
	kind, err := checkBody(pb.GetCanonicalizedBody())
	if err != nil {
		return err
	}
	j.found.Version = kind.rekor
	if v := pb.GetKindVersion(); v.GetKind() != kind.kind || v.GetVersion() != kind.version {
		return fmt.Errorf("it says that it is %.40q %.40q, and is %q %q", v.GetKind(), v.GetVersion(), kind.kind, kind.version)
	}
	if j.entry, err = tlog.ParseTransparencyLogEntry(pb); err != nil {
		return inWords(err)
	}
	if err := tlog.ValidateEntry(j.entry); err != nil {
		return inWords(err)
	}
	if j.entry.IsRekorV2() != (kind.rekor == 2) {
		return errors.New("readers disagree on its version")
	}
	return nil
}

// demand checks that what the bundle's version prescribes is there
// (sigstore_bundle.proto, "tlog_entries").
func (j *entryJudge) demand() error {
	promise, proof := j.entry.HasInclusionPromise(), j.entry.HasInclusionProof()
	switch {
	case !promise && !proof:
		return errors.New("it has neither inclusion promise nor inclusion proof")
	case j.version == "v0.1" && !promise:
		return errors.New("it has no inclusion promise, which bundle v0.1 demands")
	case j.version != "" && j.version != "v0.1" && !proof:
		return fmt.Errorf("it has no inclusion proof, which bundle %s demands", j.version)
	case j.found.Version == 2 && !proof:
		return errors.New("it has no inclusion proof, which Rekor v2 demands")
	}
	return nil
}

// times checks the entry's own time, proven or not, against the signer's
// certificate and the time of verification.
func (j *entryJudge) times() error {
	t := j.entry.IntegratedTime()
	switch {
	case t.IsZero():
		return nil
	case t.After(j.at.Add(maxAhead)):
		return fault.New(fault.LogInvalid, "it is from %s, which is later than %s", t.UTC().Format(time.RFC3339), j.at.UTC().Format(time.RFC3339)).
			WithHint("check the clock, or verify at a later time")
	case j.signed.Leaf != nil && !j.signed.Leaf.validAt(t):
		return fmt.Errorf("it is from %s, when the signer's certificate was not valid", t.UTC().Format(time.RFC3339))
	}
	return nil
}
