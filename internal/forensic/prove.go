package forensic

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"io"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/verify"
)

// ProofFormat names the format of a proof.
const ProofFormat = "stella.ops/inclusionProof@v1"

// MaxProof bounds a proof, in bytes.
const MaxProof = 2 * maxSignature

// maxPathHashes are those of a tree with 2^64 leaves.
const maxPathHashes = 64

// Proof proves that an entry is in a signed snapshot. It holds all that this takes but
// trust.
type Proof struct {
	Format string `json:"format"`
	Case   string `json:"case"`
	// Entry is what is proven to be there: the line that is the leaf of the tree says
	// its path and digest.
	Entry struct {
		Path   string `json:"canonicalPath"`
		SHA256 string `json:"sha256"`
	} `json:"entry"`
	Merkle struct {
		Recipe string   `json:"recipe"`
		Root   string   `json:"root"`
		Index  uint64   `json:"index"` // of the leaf, from 0
		Size   uint64   `json:"size"`  // of the tree, in leaves
		Path   []string `json:"path"`  // hashes in base64, from the leaf up
	} `json:"merkle"`
	// Signature is the envelope over the snapshot, as it is there.
	Signature jsontext.Value `json:"signature"`
}

// line is the leaf.
func (p *Proof) line() []byte {
	return appendChecksum(nil, &Entry{Path: p.Entry.Path, SHA256: p.Entry.SHA256})
}

// Prove makes the proof for the entry called path of a snapshot, which is read twice: the
// tree's size, which a proof depends on, is known after all lines. Nothing is verified but that the lines give the root that
// the first one says. An entry that is not there is fault.InputNotFound.
func Prove(ctx context.Context, path string, from Source) (*Proof, error) {
	p := &Proof{Format: ProofFormat}
	found := false
	said := ""
	err := eachLine(ctx, from, p, func(c *checksum) error {
		said = cmp.Or(said, c.root)
		if c.n == 1 {
			return nil
		}
		if c.path == path && !found {
			found = true
			p.Entry.Path, p.Entry.SHA256, p.Merkle.Index = c.path, c.sum, p.Merkle.Size
		}
		p.Merkle.Size++
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.New(fault.InputNotFound, "the snapshot has no entry %.200q", path).
			WithHint("its %s lists all of them", ChecksumsName)
	}
	nodes, err := proof.Inclusion(p.Merkle.Index, p.Merkle.Size)
	if err != nil {
		return nil, err
	}
	t := newMerkle(nodes.IDs)
	if err := eachLine(ctx, from, p, func(c *checksum) error {
		if c.n == 1 {
			return nil
		}
		return t.add(c.text)
	}); err != nil {
		return nil, err
	}
	if p.Merkle.Root, err = t.root(); err != nil {
		return nil, err
	}
	if p.Merkle.Root != said || t.size != p.Merkle.Size {
		return nil, fault.New(fault.SnapshotRoot, "the root of the lines in %s is %s, and the first one says %s", ChecksumsName, p.Merkle.Root, said).
			WithHint("see what else is wrong: stella forensic verify")
	}
	hashes, err := t.path(nodes)
	if err != nil {
		return nil, err
	}
	p.Merkle.Path = make([]string, 0, len(hashes))
	for _, h := range hashes {
		p.Merkle.Path = append(p.Merkle.Path, base64.StdEncoding.EncodeToString(h))
	}
	return p, nil
}

// eachLine reads a snapshot up to its checksums, and gives each line on. What is known
// before those goes into the proof.
func eachLine(ctx context.Context, from Source, p *Proof, do func(*checksum) error) error {
	v, err := from.head(ctx)
	if err != nil {
		return err
	}
	defer v.close()
	switch {
	case v.manifest.HashSummary.MerkleRecipe != RecipeRFC6962:
		return fault.New(fault.SnapshotMalformed, "the root of the snapshot is made by another recipe than %s, which alone has proofs", RecipeRFC6962)
	case v.signature == nil:
		return fault.New(fault.SignatureMissing, "the snapshot has no %s behind its manifest", SignatureName)
	case v.signature.err != nil:
		return v.signature.err
	}
	p.Case, p.Merkle.Recipe, p.Signature = v.manifest.Case, RecipeRFC6962, jsontext.Value(bytes.TrimSpace(v.signature.text))
	m, err := v.member()
	switch {
	case err != nil:
		return unread(from.Name, err)
	case m == nil || m.Name != ChecksumsName || m.Content == nil:
		return fault.New(fault.SnapshotMissing, "the snapshot has no %s behind its signature", ChecksumsName)
	}
	for c := range checksums(m.Content) {
		err := c.err
		if err != nil && c.text != nil {
			err = fault.Wrap(fault.SnapshotMalformed, err, "%s, line %d", ChecksumsName, c.n)
		}
		if err = cmp.Or(err, context.Cause(ctx)); err == nil {
			err = do(&c)
		}
		if err != nil {
			return unread(from.Name, err)
		}
	}
	return nil
}

// Write writes a proof.
func (p *Proof) Write(w io.Writer) error {
	return json.MarshalWrite(w, p, jsontext.WithIndent("  "))
}

// IsProof reports whether a file that begins with head is a proof.
func IsProof(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")) && bytes.Contains(head, []byte(`"`+ProofFormat+`"`))
}

// ParseProof reads a proof.
func ParseProof(text []byte) (*Proof, error) {
	p := &Proof{}
	err := json.Unmarshal(text, p, json.RejectUnknownMembers(true))
	if err == nil {
		err = p.check()
	} else {
		err = asJSON(err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.SnapshotMalformed, err, "malformed proof")
	}
	return p, nil
}

func (p *Proof) check() error {
	switch {
	case p.Format != ProofFormat:
		return errors.New("its format is unknown")
	case p.Merkle.Recipe != RecipeRFC6962 || !strictjson.IsSHA256(p.Merkle.Root) || !strictjson.IsSHA256(p.Entry.SHA256):
		return errors.New("a digest or the recipe in it is malformed")
	case p.Merkle.Index >= p.Merkle.Size || len(p.Merkle.Path) > maxPathHashes:
		return errors.New("its place in the tree is impossible")
	case len(p.Signature) == 0:
		return errors.New("it has no signature")
	}
	return checkPath(p.Entry.Path)
}

// included returns why the path does not lead from the leaf to the root.
func (p *Proof) included() error {
	hashes := make([][]byte, len(p.Merkle.Path))
	for i, text := range p.Merkle.Path {
		h, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return fault.New(fault.ProofInvalid, "hash %d of the path is no base64", i+1)
		}
		hashes[i] = h
	}
	root, err := hex.DecodeString(p.Merkle.Root)
	if err == nil {
		err = proof.VerifyInclusion(rfc6962.DefaultHasher, p.Merkle.Index, p.Merkle.Size, rfc6962.DefaultHasher.HashLeaf(p.line()), hashes, root)
	}
	if err != nil {
		return fault.New(fault.ProofInvalid, "the path does not lead from %q to the root %s", p.Entry.Path, p.Merkle.Root)
	}
	return nil
}

// VerifyProof judges a proof: the signature over the snapshot, which names the root,
// the path from the entry to that root, and, if artifact is not nil, that the entry is
// this artifact. The policy names no subjects and no type. The error is not the
// verdict: with one there is none.
func VerifyProof(ctx context.Context, p *Proof, o VerifyOptions, artifact *verify.Artifact, to verify.Sink) (*verify.Report, error) {
	s := parseSignature(p.Signature)
	if s.err != nil {
		return nil, s.err
	}
	v := &verification{ctx: ctx, o: &o, to: to, manifest: &Manifest{Case: p.Case}, signature: s}
	s.item.Source = o.Name
	e := &verify.Evidence{}
	e.Add(*s.item)
	whole, err := verify.Verify(ctx, e, o.Policy)
	if whole == nil {
		return nil, err
	}
	for i := range whole.Results {
		r := &whole.Results[i]
		r.Checks = append(r.Checks, v.judgeProof(p, r)...)
		v.judgeHolders(r)
		r.Message = nil
		if err := v.hand(r); err != nil {
			return nil, err
		}
	}
	checks := []verify.Check{passed(checkEntry, "the path leads from the entry to the root "+p.Merkle.Root)}
	if err := p.included(); err != nil {
		checks[0] = verify.FailedCheck(checkEntry, err)
	}
	if artifact != nil {
		checks = append(checks, p.about(artifact))
	}
	if err := v.hand(v.result(p.Entry.Path, 0, "entry", checks...)); err != nil {
		return nil, err
	}
	whole.Results, whole.Compared = nil, artifact != nil
	_ = v.conclusion.Conclude(whole) // the report has it
	return whole, nil
}

func (p *Proof) about(a *verify.Artifact) verify.Check {
	if got := a.Digest["sha256"]; got != p.Entry.SHA256 {
		return failure("subject", fault.SubjectMismatch, "%q has sha256:%s, and the entry sha256:%s", a.Name, got, p.Entry.SHA256)
	}
	return passed("subject", "the entry is the artifact that was demanded")
}

// judgeProof compares a proof with the predicate, if its envelope is verified.
func (v *verification) judgeProof(p *Proof, r *verify.Result) []verify.Check {
	if r.Claims == nil {
		return nil
	}
	if r.Claims.PredicateType != PredicateType {
		return []verify.Check{failure("statement", fault.PredicateType, "what is signed is a statement of another type than %s", PredicateType)}
	}
	signed, err := v.signature.predicate()
	if err != nil {
		return []verify.Check{verify.FailedCheck("statement", fault.Wrap(fault.SnapshotMalformed, err, ""))}
	}
	checks := []verify.Check{passed(checkRoot, signed.Merkle.Root)}
	if signed.Merkle.Root != p.Merkle.Root || signed.Entries != p.Merkle.Size {
		checks[0] = failure(checkRoot, fault.ProofInvalid, "the proof is for a tree of %d entries with the root %s, and one of %d with the root %s is signed",
			p.Merkle.Size, p.Merkle.Root, signed.Entries, signed.Merkle.Root)
	}
	switch want := cmp.Or(v.o.Case, p.Case); {
	case signed.Case != p.Case, signed.Case != want:
		return append(checks, failure(checkCase, fault.SnapshotCase, "the snapshot is signed for case %q, not for %q", signed.Case, want))
	}
	return append(checks, passed(checkCase, signed.Case))
}
