package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// viewEvidence reads what one piece of evidence says. A payload that is not a
// statement is a problem to show, not a failure to show it.
func viewEvidence(ctx context.Context, item bundle.Item) (*evidenceView, error) {
	v := &evidenceView{Line: item.Line, Part: item.Part, Attached: item.Attached, Shape: item.Shape}
	viewMaterial(v, &item.Material)
	if item.Blob != nil {
		return v, viewBlob(v, item.Blob)
	}
	for _, s := range item.Envelope.Signatures() {
		view := signatureView{KeyID: s.KeyID, Size: len(s.Sig), Status: notVerified}
		if s.Extension != nil {
			view.Extension = s.Extension.Kind
		}
		v.Signatures = append(v.Signatures, view)
	}
	return v, viewPayload(ctx, v, item.Envelope)
}

func viewBlob(v *evidenceView, b *bundle.Blob) error {
	v.Signatures = []signatureView{{Size: len(b.Signature), Status: notVerified}}
	if b.Algorithm != "" || len(b.Digest) > 0 {
		v.BlobDigest = b.Algorithm + ":" + hex.EncodeToString(b.Digest)
	}
	if b.Payload == nil {
		return nil
	}
	v.PayloadType, v.PayloadSize = bundle.PayloadTypeSimpleSigning, b.Payload.Size()
	var document bytes.Buffer
	if _, err := b.Payload.WriteTo(&document); err != nil {
		return err
	}
	sum := sha256.Sum256(document.Bytes())
	v.PayloadSHA256 = hex.EncodeToString(sum[:])
	s, err := bundle.ParseSimpleSigning(document.Bytes())
	if err != nil {
		v.Problem = err.Error()
		return nil
	}
	v.Image = &subjectResult{Name: s.Reference, Digest: map[string]string{"sha256": s.SHA256}}
	return nil
}

func viewMaterial(v *evidenceView, m *bundle.Material) {
	v.KeyHint, v.Timestamps = m.KeyHint, m.Timestamps != nil
	v.Certificates = viewCertificates(m)
	v.Times, v.LogEntries = viewTimes(m)
}

func viewPayload(ctx context.Context, v *evidenceView, e *dsse.Envelope) error {
	m := e.UnverifiedMessage()
	v.PayloadType, v.PayloadSize = m.PayloadType(), m.Size()
	h := sha256.New()
	if _, err := m.WriteTo(h); err != nil {
		v.Problem = err.Error()
		return ctx.Err()
	}
	v.PayloadSHA256 = hex.EncodeToString(h.Sum(nil))
	h.Reset()
	if err := dsse.WriteSigned(ctx, h, m, e.Signatures()); err != nil {
		return err
	}
	v.BundleSHA256 = hex.EncodeToString(h.Sum(nil))
	if bare := predicate.BareType(v.PayloadType); bare != "" {
		return viewBare(ctx, v, bare, m)
	}
	if v.PayloadType != dsse.PayloadTypeInToto {
		return nil
	}
	r := dsse.NewReader(m)
	defer r.Close()
	statement, err := intoto.ParseStatement(r)
	if err != nil {
		v.Problem = err.Error()
		return ctx.Err()
	}
	v.Statement = &statementView{Type: statement.Type, PredicateType: statement.PredicateType, Subjects: subjectResults(statement.Subjects)}
	if v.Statement.Predicate, err = readPredicate(m); err != nil {
		return err
	}
	return viewPredicate(ctx, v, m)
}

// viewBare reads a predicate that is the whole payload.
func viewBare(ctx context.Context, v *evidenceView, predicateType string, m dsse.Message) error {
	r := dsse.NewReader(m)
	defer r.Close()
	says, err := predicate.RenderBare(predicateType, r)
	if err != nil {
		v.Problem = err.Error()
		return ctx.Err()
	}
	v.Bare = &bareView{PredicateType: predicateType, Says: says}
	if m.Size() > maxShownPayload {
		return nil
	}
	var payload bytes.Buffer
	_, err = m.WriteTo(&payload)
	v.Bare.Predicate = payload.Bytes()
	return err
}

// maxShownPayload bounds the payloads whose predicate is shown, in bytes.
const maxShownPayload = 1 << 20

// readPredicate returns the predicate of a statement that was parsed, or nil if the
// payload is large.
func readPredicate(m dsse.Message) (jsontext.Value, error) {
	if m.Size() > maxShownPayload {
		return nil, nil
	}
	var payload bytes.Buffer
	if _, err := m.WriteTo(&payload); err != nil {
		return nil, err
	}
	var statement struct {
		Predicate jsontext.Value `json:"predicate"`
	}
	if json.Unmarshal(payload.Bytes(), &statement) != nil {
		return nil, nil // what is wrong was said
	}
	return statement.Predicate, nil
}

// viewPredicate adds what the predicate says.
func viewPredicate(ctx context.Context, v *evidenceView, m dsse.Message) error {
	r := dsse.NewReader(m)
	defer r.Close()
	says, err := predicate.Render(v.Statement.PredicateType, r)
	if err != nil {
		v.Problem = err.Error()
		return ctx.Err()
	}
	v.Statement.Says = says
	return nil
}

// Text implements ui.Result.
func (r *attestView) Text(p *ui.Printer) {
	r.standing(p)
	for i := range r.Items {
		item := &r.Items[i]
		p.Blank()
		title := r.Source
		if item.Line > 0 {
			title = fmt.Sprintf("%s, line %d", title, item.Line)
		}
		if item.Part != "" {
			title += ", " + item.Part
		}
		p.Line(ui.Styled(ui.Strong, title), ui.T("  "+item.Shape))
		p.Pairs(item.pairs(p)...)
		for n := range item.Signatures {
			item.Signatures[n].show(p, n+1)
		}
		item.showPredicate(p)
	}
	for _, i := range r.Ignored {
		p.Status(ui.Skipped, ui.T("ignored "+i))
	}
}

// standing says what the reader may believe.
func (r *attestView) standing(p *ui.Printer) {
	good, all := 0, 0
	for i := range r.Items {
		for _, s := range r.Items[i].Signatures {
			all++
			if s.Status == verifiedStatus {
				good++
			}
		}
	}
	switch {
	case good == 0:
		p.Status(ui.Warned, ui.Styled(ui.Warn, "not verified"), ui.T(": anybody can have written what follows"))
	case good < all:
		p.Status(ui.Warned, ui.Styled(ui.Warn, fmt.Sprintf("%d of %s not verified", all-good, plural(all, "signature"))), ui.T("; this is no verdict, which stella verify gives"))
	default:
		p.Status(ui.Passed, ui.T(fmt.Sprintf("%s verified; this is no verdict, which stella verify gives", plural(all, "signature"))))
	}
}

func (v *evidenceView) pairs(p *ui.Printer) []ui.Pair {
	var pairs []ui.Pair
	add := func(label, value string) {
		if value != "" {
			pairs = append(pairs, ui.P(label, ui.T(value)))
		}
	}
	if v.PayloadType != "" {
		add("payload", fmt.Sprintf("%s, %d bytes", v.PayloadType, v.PayloadSize))
	}
	if s := v.Statement; s != nil {
		add("statement", s.Type)
		add("type", s.PredicateType)
		pairs = append(pairs, subjectPairs(p, s.Subjects)...)
	} else if v.Bare != nil {
		add("type", v.Bare.PredicateType+", without a statement")
	}
	says, _ := v.predicate()
	for _, line := range says {
		add("says "+line.Label, line.Text)
	}
	if v.Image != nil {
		pairs = append(pairs, subjectPairs(p, []subjectResult{*v.Image})...)
	}
	add("attached to", v.Attached)
	add("problem", v.Problem)
	add("signs digest", v.BlobDigest)
	add("key hint", v.KeyHint)
	for i := range v.Certificates {
		pairs = append(pairs, v.Certificates[i].pairs(p)...)
	}
	for i := range v.LogEntries {
		add("log entry", v.LogEntries[i].words())
	}
	for _, t := range v.Times {
		add("says time", t.Time.Format(time.RFC3339)+" ("+t.Source+")")
	}
	if v.BundleSHA256 != "" {
		pairs = append(pairs, ui.P("bundleSha256", p.Digest(v.BundleSHA256)))
	}
	return pairs
}

// predicate returns what the predicate says, and the predicate, nil if it is not shown.
func (v *evidenceView) predicate() ([]predicate.Line, jsontext.Value) {
	switch {
	case v.Statement != nil:
		return v.Statement.Says, v.Statement.Predicate
	case v.Bare != nil:
		return v.Bare.Says, v.Bare.Predicate
	}
	return nil, nil
}

// maxPredicateLines bounds the predicate in the text form; JSON has all.
const maxPredicateLines = 60

// showPredicate shows a predicate for reading.
func (v *evidenceView) showPredicate(p *ui.Printer) {
	_, text := v.predicate()
	if text == nil {
		return
	}
	text = text.Clone()
	if err := text.Indent(jsontext.WithIndent("  ")); err != nil {
		return // what is wrong was said
	}
	p.Line(ui.Styled(ui.Faint, "predicate"))
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if i == maxPredicateLines {
			p.Line(ui.Styled(ui.Faint, fmt.Sprintf("  and %d more lines: --format json", len(lines)-i)))
			return
		}
		p.Line(ui.T("  " + line))
	}
}
