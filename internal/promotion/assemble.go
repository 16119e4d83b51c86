package promotion

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/verify"
)

// File is a file that a promotion rests on: an attestation, or the document that
// another file attests.
type File struct {
	Role string // of predicate.Roles
	File *input.File
}

// Input is what a promotion is made of.
type Input struct {
	// Image has a SHA-256.
	Image intoto.Subject
	// Platforms are the digests, sha256:<hex>, of what the image has for single platforms,
	// as far as they are known: an SBOM of one of them is told from one of another image.
	Platforms []string
	Files     []File
	// Previous is the attestation of the step before; nil for the first step.
	Previous *input.File
	Step     predicate.Step
	// Policy is what the evidence is verified by.
	Policy *verify.Policy
	// Distrusted is why there is no Policy; with AllowUnverifiedUnsafe all evidence is
	// then recorded as not verified, for this reason.
	Distrusted error
	// AllowUnverifiedUnsafe takes evidence that does not verify, or is not there, and
	// records that in the predicate.
	AllowUnverifiedUnsafe bool
}

// Assembled is a promotion before it is signed.
type Assembled struct {
	Predicate *predicate.Promotion
	// Notes are for the user.
	Notes []string
}

// assembler builds one promotion.
type assembler struct {
	Input
	out *Assembled
}

// Assemble verifies the evidence and builds the predicate from it. Materials stand in
// the order of their roles, and in that of the files within a role. Reasons beside those
// of verification: promotion.image_mismatch for evidence that is about something
// else, promotion.evidence_missing for a document that nothing attests, and
// promotion.chain_broken for a step that does not go on where the previous one ended.
func Assemble(ctx context.Context, in Input) (*Assembled, error) {
	name, digest := in.Image.Name, in.Image.Digest["sha256"]
	a := &assembler{Input: in, out: &Assembled{Predicate: &predicate.Promotion{
		Type: predicate.TypePromotion, Promotion: in.Step, Subject: []predicate.PromotedSubject{{Name: name, Digest: map[string]string{"sha256": digest}}},
	}}}
	for _, role := range predicate.Roles() {
		if err := a.role(ctx, role); err != nil {
			return nil, err
		}
	}
	p := a.out.Predicate
	if len(p.Materials) == 0 {
		return nil, fault.New(fault.UsageInvalid, "a promotion rests on evidence, and none was given").
			WithHint("give the SBOM's attestation: --sbom sbom.sigstore.json")
	}
	if sbom := p.Material(predicate.RoleSBOM); sbom != nil {
		p.Attestation, p.Rekor = sbom.Attestation, sbom.Rekor
	}
	return a.out, a.previous(ctx)
}

// role builds the materials of one role.
func (a *assembler) role(ctx context.Context, role string) error {
	var envelopes []*envelope
	var documents []*document
	for _, f := range a.Files {
		if f.Role != role {
			continue
		}
		own, doc, err := open(ctx, f)
		if err != nil {
			return err
		}
		envelopes = append(envelopes, own...)
		if doc != nil {
			documents = append(documents, doc)
		}
	}
	for _, group := range payloads(envelopes) {
		if err := a.material(ctx, role, group, &documents); err != nil {
			return err
		}
	}
	for _, d := range documents {
		if err := a.unattested(role, d); err != nil {
			return err
		}
	}
	return nil
}

// open reads a file as evidence, or else as a document.
func open(ctx context.Context, f File) ([]*envelope, *document, error) {
	items, _, err := bundle.Read(f.File)
	if fault.ReasonOf(err) == fault.NotEvidence {
		doc, err := fileDocument(f.File, f.Role)
		return nil, doc, err
	}
	if err != nil {
		return nil, nil, err
	}
	var out []*envelope
	for _, item := range items {
		own, err := newEnvelope(ctx, item)
		if err != nil {
			return nil, nil, err
		}
		if own != nil {
			out = append(out, own)
		}
	}
	if len(out) == 0 {
		return nil, nil, fault.New(fault.StatementInvalid, "%s holds signatures and no attestation", input.Display(f.File.Name())).
			WithHint("sign a statement about the document: stella sign sbom or stella sign report")
	}
	return out, nil, nil
}

// material adds what the envelopes of one payload attest. A document that they attest
// is taken from documents. What is signed is looked into only once the signatures were
// judged: anybody can have written it.
func (a *assembler) material(ctx context.Context, role string, group []*envelope, documents *[]*document) error {
	unverified, err := a.judge(ctx, role, group)
	if err != nil {
		return err
	}
	own, err := group[0].attested(role)
	if err != nil {
		return err
	}
	d, err := a.documentOf(group[0], own, documents)
	if err != nil {
		return err
	}
	if err := a.about(role, group[0], own); err != nil {
		return err
	}
	ref := group[0].ref
	m := predicate.Material{Role: role, Algo: "sha256", Digest: d.digest, Format: d.format, Attestation: &ref, Unverified: unverified}
	if m.Rekor, err = receipt(group); err != nil {
		return err
	}
	return a.append(m)
}

// documentOf returns the document whose digest is recorded, and takes it from documents:
// the file that was given if the attestation shows that it is the one, else what the
// attestation embeds or states.
func (a *assembler) documentOf(e *envelope, own *document, documents *[]*document) (*document, error) {
	named, err := takeDocument(documents, func(d *document) (bool, error) { return e.isDocument(d.digest, a.Image.Digest["sha256"], own) })
	if named != nil || err != nil {
		return named, err
	}
	embedded, err := takeDocument(documents, func(d *document) (bool, error) { return d.isEmbeddedIn(own) }) // which reads all of it
	if embedded != nil {
		a.note("%s is what %s attests without naming the file: the digest of what it embeds is recorded", input.Display(embedded.name), e.place())
	}
	return own, err
}

// takeDocument takes the first document that is the one out of a list, nil if none is.
func takeDocument(documents *[]*document, is func(d *document) (bool, error)) (*document, error) {
	for i, d := range *documents {
		ok, err := is(d)
		if err != nil {
			return nil, err
		}
		if ok {
			*documents = slices.Delete(*documents, i, i+1)
			return d, nil
		}
	}
	return nil, nil
}

func (a *assembler) append(m predicate.Material) error {
	p := a.out.Predicate
	if p.Materials = append(p.Materials, m); len(p.Materials) > predicate.MaxMaterials {
		return fault.New(fault.InputTooLarge, "a promotion has at most %d materials", predicate.MaxMaterials)
	}
	return nil
}

// unattested adds a document that nothing attests, or refuses it.
func (a *assembler) unattested(role string, d *document) error {
	if !a.AllowUnverifiedUnsafe {
		return fault.New(fault.PromotionEvidence, "nothing attests the %s %s", role, input.Display(d.name)).With("path", d.name).
			WithHint("sign it about the image, and give what was signed as well: --%s FILE.sigstore.json", role)
	}
	if err := a.about(role, nil, d); err != nil {
		return err
	}
	reason := string(fault.SignatureMissing)
	a.note("%s %s is recorded as unverified: nothing attests it", role, input.Display(d.name))
	return a.append(predicate.Material{Role: role, Algo: "sha256", Digest: d.digest, Format: d.format, Unverified: reason})
}

func (a *assembler) note(format string, args ...any) {
	a.out.Notes = append(a.out.Notes, fmt.Sprintf(format, args...))
}

// about refuses evidence about another image.
func (a *assembler) about(role string, e *envelope, d *document) error {
	ok, err := isAbout(a.out.Predicate, role, e, d)
	if err != nil || ok {
		return err
	}
	return aboutAnother(role, d, &a.Input, e)
}

// judge verifies the envelopes of one payload. The reason is why it is recorded as
// not verified.
func (a *assembler) judge(ctx context.Context, what string, group []*envelope) (reason string, err error) {
	err = a.Distrusted
	if a.Policy != nil {
		e := &verify.Evidence{}
		for _, own := range group {
			e.Add(own.item)
		}
		_, err = verify.Verify(ctx, e, a.Policy)
	}
	switch {
	case err == nil && a.Policy != nil:
		return "", nil
	case err == nil:
		return "", errors.New("there is nothing to verify the evidence by")
	case ctx.Err() != nil || !a.AllowUnverifiedUnsafe:
		return "", fault.Wrap(fault.ReasonOf(err), err, "the %s in %s is not verified", what, group[0].place())
	}
	a.note("%s in %s is recorded as unverified: %s", what, group[0].place(), err)
	return string(fault.ReasonOf(err)), nil
}

// receipt returns the first log entry beside the envelopes, nil if there is none.
func receipt(group []*envelope) (*predicate.Receipt, error) {
	for _, e := range group {
		if entries := e.item.Material.LogEntries; len(entries) > 0 {
			r, err := receiptOf(entries[0])
			if err != nil {
				return nil, fault.Wrap(fault.ReasonOf(err), err, "%s", e.place())
			}
			return r, nil
		}
	}
	return nil, nil
}
