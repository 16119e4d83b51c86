package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strconv"

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
	viewMaterial(v, item.Material)
	if item.Blob != nil {
		return v, viewBlob(v, item.Blob)
	}
	for _, s := range item.Envelope.Signatures() {
		view := signatureView{KeyID: s.KeyID, Size: len(s.Sig)}
		if s.Extension != nil {
			view.Extension = s.Extension.Kind
		}
		v.Signatures = append(v.Signatures, view)
	}
	return v, viewPayload(ctx, v, item.Envelope)
}

func viewBlob(v *evidenceView, b *bundle.Blob) error {
	v.Signatures = []signatureView{{Size: len(b.Signature)}}
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

func viewMaterial(v *evidenceView, m bundle.Material) {
	v.KeyHint, v.LogEntries, v.Timestamps = m.KeyHint, len(m.LogEntries), m.Timestamps != nil
	for _, der := range m.Certificates {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			v.Certificates = append(v.Certificates, "malformed certificate: "+err.Error())
			continue
		}
		v.Certificates = append(v.Certificates, fmt.Sprintf("subject %q, issuer %q", c.Subject, c.Issuer))
	}
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
	return viewPredicate(ctx, v, m)
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
	p.Status(ui.Warned, ui.Styled(ui.Warn, "not verified"), ui.T(": anybody can have written what follows"))
	for _, item := range r.Items {
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
	}
	for _, i := range r.Ignored {
		p.Status(ui.Skipped, ui.T("ignored "+i))
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
		for _, line := range s.Says {
			add("says "+line.Label, line.Text)
		}
	}
	if v.Image != nil {
		pairs = append(pairs, subjectPairs(p, []subjectResult{*v.Image})...)
	}
	add("attached to", v.Attached)
	add("problem", v.Problem)
	add("signs digest", v.BlobDigest)
	for i, s := range v.Signatures {
		add("signature "+strconv.Itoa(i+1), s.describe())
	}
	add("key hint", v.KeyHint)
	for _, c := range v.Certificates {
		add("certificate", c)
	}
	if v.LogEntries > 0 {
		add("log entries", strconv.Itoa(v.LogEntries))
	}
	if v.BundleSHA256 != "" {
		pairs = append(pairs, ui.P("bundleSha256", p.Digest(v.BundleSHA256)))
	}
	return pairs
}

func (s signatureView) describe() string {
	text := fmt.Sprintf("%d bytes", s.Size)
	if s.KeyID != "" {
		text += ", claims key " + s.KeyID
	}
	if s.Extension != "" {
		text += ", extension " + s.Extension
	}
	return text
}
