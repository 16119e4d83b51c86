package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

const formatNDJSON = "ndjson"

// keyFilter tells the records of a key: by its id, by the ids in a public key
// file, or by the reference that it was used with, whole or without its scheme
// and options.
func keyFilter(key string) (func(*audit.Record) bool, error) {
	if key == "" {
		return func(*audit.Record) bool { return true }, nil
	}
	ids := []string{key}
	trust, err := keys.LoadTrust(key)
	switch fault.ReasonOf(err) {
	case fault.InputNotFound, fault.KeyPrivate:
		// A name, an id, or the private key's own path: all are in the records.
	default:
		if err != nil {
			return nil, err
		}
	}
	if err == nil {
		for _, k := range trust.Keys() {
			id, err := dsse.KeyID(k.Public)
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
	}
	return func(r *audit.Record) bool {
		return slices.Contains(ids, r.Key.ID) || r.Ref == key || nameIn(r.Ref) == key
	}, nil
}

// nameIn returns what stands between the scheme and the options of a recorded
// reference.
func nameIn(text string) string {
	ref, err := keys.ParseRef(text)
	if err != nil {
		return ""
	}
	return ref.Name()
}

// showRecords shows the records that are wanted, and warns if the log is not what
// was once written.
func showRecords(s *session, format string, log *audit.Reader, wanted func(*audit.Record) bool) error {
	report, err := audit.Verify(log)
	if err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		if fault.ReasonOf(err) == fault.AuditMalformed {
			return err
		}
		s.ui.Warn("%s; see stella audit verify", err)
	}
	result := &recordsResult{Records: []*audit.Record{}}
	for record, err := range log.Records() {
		switch {
		case err != nil:
			return err
		case !wanted(record):
		case format == formatNDJSON:
			if err := s.ui.Out.JSONLine(record); err != nil {
				return err
			}
		case format == formatJSON:
			result.Records = append(result.Records, record)
		default:
			showRecord(s.ui.Out, record)
			result.shown++
		}
	}
	if format == formatNDJSON {
		return s.ui.Out.Flush()
	}
	return s.ui.Show(result)
}

// recordsResult is the records as one JSON object; as text they were shown one by
// one.
type recordsResult struct {
	Records []*audit.Record `json:"records"`
	shown   int
}

// Text implements ui.Result.
func (r *recordsResult) Text(p *ui.Printer) { p.Line(ui.T(plural(r.shown, "record"))) }

func showRecord(p *ui.Printer, r *audit.Record) {
	status := map[audit.Decision]ui.Status{
		audit.Allowed: ui.Passed, audit.Refused: ui.Failed, audit.Failed: ui.Failed, audit.Recovered: ui.Warned,
	}[r.Decision]
	what := fmt.Sprintf("record %d  %s  %s  %s", r.Seq, r.Time.Format(time.RFC3339), r.Operation, r.Decision)
	if r.Reason != "" {
		what += ": " + r.Reason
	}
	p.Status(status, ui.T(what))
	var pairs []ui.Pair
	text := func(label, value string) {
		if value != "" {
			pairs = append(pairs, ui.P(label, ui.T(value)))
		}
	}
	text("caller", r.Caller)
	text("tenant", r.Tenant)
	text("key", strings.TrimSpace(r.Key.ID+"  "+r.Ref))
	text("type", r.PredicateType)
	for _, digest := range r.Subjects[:min(len(r.Subjects), maxShownSubjects)] {
		text("subject", digest)
	}
	if more := r.SubjectCount - min(len(r.Subjects), maxShownSubjects); more > 0 {
		text("", fmt.Sprintf("and %d more", more))
	}
	text("payload", prefixed(r.PayloadSHA256))
	text("request", r.RequestID)
	text("trace", r.TraceID)
	text("note", r.Note)
	p.Pairs(pairs...)
	p.Blank()
}

func prefixed(hex string) string {
	if hex == "" {
		return ""
	}
	return "sha256:" + hex
}
