package verify

import (
	"bytes"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// openDocument verifies a signature over the bare bytes of a document that the
// evidence brings, which makes the document the group's payload.
func (j *judgement) openDocument(at int, item bundle.Item, keys []dsse.Key) error {
	m := dsse.NewBlob(item.Blob.Payload)
	k, err := tryBare(m, "the image", item, keys)
	if _, ok := err.(unjudged); ok { //nolint:errorlint // never wrapped
		return err
	}
	if err != nil {
		j.addRejected(at, 1, err)
		return inItem(j, item, err)
	}
	if err := j.take(item, m); err != nil {
		return unjudged{err}
	}
	j.addVerified(at, 0, j.candidateOf(at, k))
	return nil
}

// checkImage reads the verified document by which cosign signs an image. It says
// of which image, as a statement does, and is none: it has no predicate on which a
// condition could look.
func (j *judgement) checkImage(claims *Claims) error {
	claims.PayloadType = bundle.PayloadTypeSimpleSigning
	var document bytes.Buffer
	if _, err := j.message.WriteTo(&document); err != nil {
		return unjudged{err}
	}
	s, err := bundle.ParseSimpleSigning(document.Bytes())
	if err != nil {
		claims.Problem = err.Error()
		return fault.New(fault.ReasonOf(err), "the payload is not an image signature that stella knows").WithHint(seeProblem, "a signature as cosign makes it")
	}
	image := intoto.Subject{Name: s.Reference, Digest: map[string]string{"sha256": s.SHA256}}
	j.about = []intoto.Subject{image}
	claims.Subjects = []Subject{{Name: image.Name, Digest: image.Digest}}
	j.found = "signature of an image"
	return nil
}
