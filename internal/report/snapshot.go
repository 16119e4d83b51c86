package report

import (
	"context"
	"encoding/json/jsontext"
	"io"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// SnapshotSchema names the JSON form of the verdict over an evidence snapshot.
const SnapshotSchema = "stella.ops/snapshotVerdict@v1"

// Snapshot is what a verdict says of the snapshot itself. It is the manifest's word:
// whoever made the manifest, if its signature is not verified.
type Snapshot struct {
	Case       string    `json:"case"`
	BundleID   string    `json:"bundleId,omitempty"`
	CreatedAt  time.Time `json:"createdAt,omitzero"`
	MerkleRoot string    `json:"merkleRoot"`
	Entries    int       `json:"entries"` // that were found of those listed
	Size       int64     `json:"sizeBytes,omitzero"`
}

// SnapshotJSON is a Writer of the verdict over a snapshot as one JSON object, with the
// fields that the guide of the original has: status, checksum, signature, subject and
// rationale, of the whole and of each result.
type SnapshotJSON struct {
	// Claims is what the manifest says; set it before Close.
	Claims Snapshot

	w                            io.Writer
	results, ignored             *list
	checksum, signature, subject tri
}

var _ Writer = (*SnapshotJSON)(nil)

// NewSnapshotJSON returns a Writer to w.
func NewSnapshotJSON(ctx context.Context, w io.Writer, o Options) *SnapshotJSON {
	return &SnapshotJSON{w: w, results: newList(ctx, w, 1, o.ASCII), ignored: newList(ctx, w, 1, o.ASCII)}
}

// tri is the status of several checks together; its zero value is that of none.
type tri string

const noneMade tri = "not_checked"

// notEstablished is the status of a result that proves nothing and refutes nothing.
const notEstablished = "not_established"

// add takes in a status: the worse counts.
func (t *tri) add(s verify.Status) {
	switch {
	case s == verify.Failed || *t == tri(verify.Failed):
		*t = tri(verify.Failed)
	case s == verify.Passed || *t == tri(verify.Passed):
		*t = tri(verify.Passed)
	}
}

func (t tri) word() string {
	if t == "" {
		return string(noneMade)
	}
	return string(t)
}

// snapshotResult is one result.
type snapshotResult struct {
	Member    string          `json:"member,omitempty"`
	Line      int             `json:"line,omitzero"`
	Shape     string          `json:"shape,omitempty"`
	Status    string          `json:"status"`
	Checksum  string          `json:"checksum"`
	Signature string          `json:"signature"`
	Subject   string          `json:"subject"`
	Rationale string          `json:"rationale"`
	Reasons   []fault.Reason  `json:"reasons,omitempty"`
	Evidence  []verify.Source `json:"evidence,omitempty"` // if there is more than one
	Checks    []verify.Check  `json:"checks"`
	Signers   []verify.Signer `json:"signers,omitempty"`
	Claims    *verify.Claims  `json:"claims,omitempty"`
}

// Result implements Writer.
func (s *SnapshotJSON) Result(r *verify.Result) error {
	out := snapshotResult{Status: statusOf(r.Verified), Checks: r.Checks, Signers: r.Signers, Claims: r.Claims}
	if len(r.Evidence) > 0 {
		out.Member, out.Line, out.Shape = r.Evidence[0].Member, r.Evidence[0].Line, r.Evidence[0].Shape
	}
	if len(r.Evidence) > 1 {
		out.Evidence = r.Evidence
	}
	var checksum, signature, subject tri
	var why, open []string
	for _, c := range r.Checks {
		if c.Status == verify.NotDemanded {
			open = append(open, c.Message)
		}
		switch c.Name {
		case "checksum", "root", "entry", "archive":
			checksum.add(c.Status)
		case "signature":
			signature.add(c.Status)
		case "subject", "reference", "case":
			subject.add(c.Status)
		}
		if c.Status == verify.Failed {
			why = append(why, c.Message)
			out.Reasons = append(out.Reasons, c.Reason)
		}
	}
	out.Checksum, out.Signature, out.Subject = checksum.word(), signature.word(), subject.word()
	out.Rationale = strings.Join(why, "; ")
	switch {
	case out.Rationale != "":
	case !r.Established():
		out.Status, out.Rationale = notEstablished, strings.Join(open, "; ")
	default:
		out.Rationale = "every demanded check passed"
	}
	s.checksum.add(verify.Status(checksum))
	s.signature.add(verify.Status(signature))
	s.subject.add(verify.Status(subject))
	return s.results.add(out)
}

func statusOf(verified bool) string {
	if verified {
		return "verified"
	}
	return "failed"
}

// Ignored implements Writer.
func (s *SnapshotJSON) Ignored(i *verify.Ignored) error { return s.ignored.add(i) }

// Close implements Writer.
func (s *SnapshotJSON) Close(whole *verify.Report) error {
	rationale := "every demanded check passed"
	if !whole.Verified {
		rationale = string(whole.Reason) + ": " + whole.Reason.Meaning()
	}
	for _, c := range whole.Checks {
		if c.Status == verify.Failed {
			rationale += "; " + c.Message
		}
	}
	text, err := encode(struct {
		Schema    string           `json:"schema"`
		Status    string           `json:"status"`
		Checksum  string           `json:"checksum"`
		Signature string           `json:"signature"`
		Subject   string           `json:"subject"`
		Rationale string           `json:"rationale"`
		Exit      int              `json:"exit"`
		Reason    fault.Reason     `json:"reason,omitempty"`
		Claims    Snapshot         `json:"claims"`
		Time      verify.TimeUsed  `json:"time"`
		Network   string           `json:"network"`
		Profile   verify.Profile   `json:"profile"`
		Trust     verify.TrustUsed `json:"trust"`
		Policies  []string         `json:"policies,omitempty"`
		Loosened  []string         `json:"loosened,omitempty"`
		Results   []struct{}       `json:"results"`
		Checks    []verify.Check   `json:"checks,omitempty"`
		Counts    verify.Counts    `json:"counts"`
		Ignored   []struct{}       `json:"ignored"`
	}{
		SnapshotSchema, statusOf(whole.Verified), s.checksum.word(), s.signature.word(), s.subject.word(), rationale,
		whole.Exit, whole.Reason, s.Claims, whole.Time, whole.Network, whole.Profile, whole.Trust, whole.Policies, whole.Loosened,
		nil, whole.Checks, whole.Counts, nil,
	}, s.results.ascii, jsontext.WithIndent(indent))
	if err != nil {
		return err
	}
	if text, err = s.results.writeInto(text, "results"); err != nil {
		return err
	}
	if text, err = s.ignored.writeInto(text, "ignored"); err != nil {
		return err
	}
	_, err = io.WriteString(s.w, text+"\n")
	return err
}

// Abort implements Writer.
func (s *SnapshotJSON) Abort() {
	s.results.abort()
	s.ignored.abort()
}
