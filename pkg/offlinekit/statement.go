package offlinekit

import (
	"bytes"
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/verify"
)

// statementPredicate is stella.ops/offlineKit@v1. It repeats what the manifest says of the kit
// as a whole, for those who see the statement alone.
type statementPredicate struct {
	Name      string    `json:"name"`
	Channel   string    `json:"channel"`
	Version   int64     `json:"version"`
	Label     string    `json:"label,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	Counts    counts    `json:"counts"`
}

type counts struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// predicate returns what a statement says about the manifest, in canonical form.
func (m *Manifest) predicate() (dsse.Content, error) {
	text, err := json.Marshal(statementPredicate{m.Name, m.Channel, m.Version, m.Label, m.CreatedAt.UTC(), counts{len(m.Entries), m.Bytes()}})
	if err != nil {
		return nil, fault.Wrap(fault.StatementInvalid, err, "failed to write the statement")
	}
	if err := predicate.Check(predicate.TypeOfflineKit, bytes.NewReader(text)); err != nil {
		return nil, err
	}
	return canonical.Parse(text, canonical.Options{})
}

// Subjects are what the statement about a kit is about: manifest.json, and checksums.txt
// so that stock tools can begin there.
func (h *Header) Subjects() []intoto.Subject {
	subjects := []intoto.Subject{{Name: ManifestName, Digest: map[string]string{"sha256": h.ManifestSHA256()}}}
	if e := h.Manifest.Entry(ChecksumsName); e != nil {
		subjects = append(subjects, intoto.Subject{Name: ChecksumsName, Digest: map[string]string{"sha256": e.Digest()}})
	}
	return subjects
}

// NewStatement returns the statement about a kit, to be signed. The manifest must pass
// Check, and be what ManifestText says.
func (h *Header) NewStatement() (dsse.Message, error) {
	p, err := h.Manifest.predicate()
	if err != nil {
		return nil, err
	}
	return intoto.NewMessage(predicate.TypeOfflineKit, h.Subjects(), p)
}

// Signed returns fault.KitUnsigned if the kit has no statement.
func (h *Header) Signed() error {
	if h.Statement != nil {
		return nil
	}
	m := h.Manifest
	return fault.New(fault.KitUnsigned, "nobody has signed the kit %q, version %d of %s: it has no %s", m.Name, m.Version, m.CreatedAt.UTC().Format(time.RFC3339), StatementName).
		With("file", StatementName).WithHint("ask who publishes the kit for one that is signed; they sign it with stella sign statement, and offline-kit build --from")
}

// Verify judges the signatures on the statement of a kit, with all evidence on it,
// against a policy, which it narrows to statements about this kit, and holds what they
// sign to the manifest. The report is as that of verify.Verify. The errors: those of
// Signed, verify.Verify and CheckStatement.
func (h *Header) Verify(ctx context.Context, p *verify.Policy) (*verify.Report, error) {
	if err := h.Signed(); err != nil {
		return nil, err
	}
	evidence := &verify.Evidence{}
	for _, f := range append([]File{{StatementName, h.Statement}}, h.Evidence...) {
		if err := evidence.ReadInput(input.FromBytes(f.Name, f.Content)); err != nil {
			return nil, err
		}
	}
	own := *p
	own.PredicateType, own.Subjects = predicate.TypeOfflineKit, slices.Clone(p.Subjects)
	for _, s := range h.Subjects() {
		own.Subjects = append(own.Subjects, verify.Artifact{Name: s.Name, Digest: s.Digest})
	}
	report, err := verify.Verify(ctx, evidence, &own)
	if err != nil {
		return report, err
	}
	if len(report.Results) != 1 {
		return report, h.otherStatement("%d different statements were found beside it", len(report.Results))
	}
	var payload bytes.Buffer
	if _, err := report.Results[0].Message.WriteTo(&payload); err != nil {
		return report, err
	}
	return report, h.CheckStatement(payload.Bytes())
}

// CheckStatement holds the payload of a statement, whose signatures the caller has
// verified, to the kit: it must say of it what NewStatement says, and nothing else. An
// error has the reason fault.KitStatement, or is about what is no statement.
func (h *Header) CheckStatement(payload []byte) error {
	s, err := intoto.ParseStatement(bytes.NewReader(payload))
	switch {
	case err != nil:
		return err
	case s.Type != intoto.StatementV1 || s.PredicateType != predicate.TypeOfflineKit:
		return h.otherStatement("its type is %.100q", s.PredicateType)
	}
	if err := predicate.CheckStatement(predicate.TypeOfflineKit, bytes.NewReader(payload)); err != nil {
		return err
	}
	want := h.Subjects()
	if len(s.Subjects) != len(want) {
		return h.otherStatement("it has %d subjects, not %d", len(s.Subjects), len(want))
	}
	for i, subject := range s.Subjects {
		if subject.Name != want[i].Name || len(subject.Digest) != 1 || subject.Digest["sha256"] != want[i].Digest["sha256"] {
			return h.otherStatement("its subject %.100q is not the %s of the kit", subject.Name, want[i].Name)
		}
	}
	return h.checkPredicate(payload)
}

func (h *Header) checkPredicate(payload []byte) error {
	var whole struct {
		Predicate jsontext.Value `json:"predicate"`
	}
	if err := json.Unmarshal(payload, &whole); err != nil {
		return fault.Wrap(fault.StatementInvalid, err, "malformed statement")
	}
	said, err := canonical.Parse(whole.Predicate, canonical.Options{})
	if err != nil {
		return err
	}
	want, err := h.Manifest.predicate()
	if err != nil {
		return err
	}
	var a, b bytes.Buffer
	if err := writeBoth(&a, said, &b, want); err != nil {
		return err
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		return h.otherStatement("its predicate says other things than the manifest")
	}
	return nil
}

func writeBoth(a *bytes.Buffer, x dsse.Content, b *bytes.Buffer, y dsse.Content) error {
	if _, err := x.WriteTo(a); err != nil {
		return err
	}
	_, err := y.WriteTo(b)
	return err
}

// unverifiedPayload is the payload of the one envelope in a file.
func unverifiedPayload(f File) ([]byte, error) {
	items, _, err := bundle.Read(input.FromBytes(f.Name, f.Content))
	switch {
	case err != nil:
		return nil, err
	case len(items) != 1 || items[0].Envelope == nil:
		return nil, fault.New(fault.KitStatement, "%q holds no envelope, or several", f.Name).With("file", f.Name)
	}
	var b bytes.Buffer
	_, err = items[0].Envelope.UnverifiedMessage().WriteTo(&b)
	return b.Bytes(), err
}

func (h *Header) otherStatement(format string, args ...any) error {
	err := fault.New(fault.KitStatement, "the statement is not about this kit: "+format, args...)
	return err.With("file", StatementName).WithHint("the manifest was changed or exchanged: get the kit anew from where it came")
}
