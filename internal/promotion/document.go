package promotion

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// Document is a local file that must be one that was promoted.
type Document struct {
	Name   string
	Role   string // of predicate.Roles
	SHA256 string // hex
	// Canonical is the SHA-256 of the document's canonical form in hex, "" for a file
	// that is no JSON: what an attestation embeds in another form is still the document.
	Canonical string
}

// NewDocument reads a file that must be one that was promoted.
func NewDocument(role string, f *input.File) (Document, error) {
	content, err := f.Content()
	if err != nil {
		return Document{}, err
	}
	embedded, err := canonicalDigest(f)
	return Document{Name: f.Name(), Role: role, SHA256: content.SHA256Hex(), Canonical: embedded}, err
}

// canonicalDigest returns the SHA-256 of a file's canonical form in hex, or "" if it has
// none: it is no JSON, or larger than what is taken out of an attestation.
func canonicalDigest(f *input.File) (string, error) {
	if f.Size() > maxPredicate {
		return "", nil
	}
	b, err := f.ReadAll()
	if err != nil {
		return "", err
	}
	doc, err := canonical.Parse(b, canonical.Options{ExactNumbers: true})
	if err != nil {
		return "", nil //nolint:nilerr // it is no JSON, or none that is embedded in this form
	}
	h := sha256.New()
	if _, err := doc.WriteTo(h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// document is a document of a material: a file, or what an attestation embeds or
// states. What takes reading is read once, and the text is not kept: there are up to
// MaxChain times predicate.MaxMaterials documents of up to maxPredicate bytes.
type document struct {
	name   string
	digest string // SHA-256 in hex
	format string
	stated bool // it is not embedded: the attestation states its digest
	// canonical is the SHA-256 of the canonical form in hex, "" if there is none.
	canonical func() (string, error)
	// claims are the digests, SHA-256 in hex, of what the document says it describes.
	claims func() ([]string, error)
}

// textOf returns a text, from wherever it is.
type textOf func() (*input.File, error)

// newDocument is a document with a text that can be had again. doc is nil for one of no
// format that has claims of its own.
func newDocument(name, digest, format string, doc *predicate.Document, text textOf) *document {
	return &document{
		name: name, digest: digest, format: format,
		canonical: sync.OnceValues(func() (string, error) {
			f, err := text()
			if err != nil {
				return "", err
			}
			return canonicalDigest(f)
		}),
		claims: sync.OnceValues(func() ([]string, error) {
			if doc == nil {
				return nil, nil
			}
			f, err := text()
			if err != nil {
				return nil, err
			}
			list, err := predicate.Claims(f, doc)
			return digests(list), err
		}),
	}
}

// statedDocument is a document of which an attestation has no more than what it states.
func statedDocument(name, digest, format string) *document {
	return &document{
		name: name, digest: digest, format: format, stated: true,
		canonical: func() (string, error) { return "", nil }, claims: func() ([]string, error) { return nil, nil },
	}
}

// embeds reports whether what an attestation embeds, d, is the document with this
// canonical form.
func (d *document) embeds(canonicalForm string) (bool, error) {
	if canonicalForm == "" {
		return false, nil
	}
	own, err := d.canonical()
	return own == canonicalForm, err
}

// isEmbeddedIn reports whether a file is what an attestation embeds.
func (d *document) isEmbeddedIn(own *document) (bool, error) {
	if own.stated {
		return false, nil
	}
	form, err := d.canonical()
	if err != nil {
		return false, err
	}
	return own.embeds(form)
}

// isDocument reports whether a digest is that of the document which an envelope attests,
// own, and not of something that the document is about: an image that a statement also
// names must not pass for its SBOM.
//
// What is embedded or stated can be told for certain. Beside that only the signer knows:
// stella puts the file from which the embedded document was made first among the
// subjects, and names it as the file is named. So the first subject is believed if it can
// be nothing else: it is named as a JSON file and not as an image, it is not the promoted
// image, and the document does not say that it describes it.
func (e *envelope) isDocument(digest, image string, own *document) (bool, error) {
	if digest == image || own == nil {
		return false, nil
	}
	if digest == own.digest {
		return true, nil
	}
	if own.stated || len(e.statement.Subjects) == 0 {
		return false, nil
	}
	first := e.statement.Subjects[0]
	if first.Digest["sha256"] != digest || !isFileName(first.Name) {
		return false, nil
	}
	claims, err := own.claims()
	return err == nil && !slices.Contains(claims, digest), err
}

// isFileName reports whether a subject is named as a file that can be embedded.
func isFileName(name string) bool {
	return !strings.ContainsAny(name, `/@:\`) && slices.Contains([]string{".json", ".jsonld", ".sarif", ".vex", ".openvex", ".spdx"}, strings.ToLower(path.Ext(name)))
}
