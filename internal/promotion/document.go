package promotion

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/input"
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

// embeds reports whether what an attestation embeds, d, is the document with this
// canonical form.
func (d *document) embeds(canonicalForm string) (bool, error) {
	if canonicalForm == "" || d.file == nil {
		return false, nil
	}
	own, err := canonicalDigest(d.file)
	return own == canonicalForm, err
}

// isEmbeddedIn reports whether a file is what an attestation embeds.
func (d *document) isEmbeddedIn(own *document) (bool, error) {
	form, err := canonicalDigest(d.file)
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
