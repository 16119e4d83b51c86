package predicate

import (
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"

	"github.com/stellaops/stella/pkg/dsse"
)

// documentRef is what stands for a document in stella's own predicates. Its
// members are in canonical order.
type documentRef struct {
	Digest    map[string]string `json:"digest"`
	Format    string            `json:"format"`
	MediaType string            `json:"mediaType"`
	Size      int64             `json:"size"`
	URI       string            `json:"uri,omitzero"`
	Version   string            `json:"version,omitzero"`
}

func (s *source) ref(uri string) documentRef {
	r := documentRef{
		Digest: map[string]string{"sha256": hex.EncodeToString(s.doc.SHA256[:])},
		Format: s.doc.ID, MediaType: s.doc.MediaType, Size: s.doc.Size, URI: uri,
	}
	if word(s.doc.Version) == "" {
		r.Version = s.doc.Version
	}
	return r
}

// withContent returns the canonical form of the reference with the document as
// its first member, content, or alone if content is nil.
func (r documentRef) withContent(content dsse.Content) (dsse.Concat, error) {
	b, err := canonicalJSON(r)
	if err != nil || content == nil {
		return dsse.Concat{dsse.Bytes(b)}, err
	}
	b[0] = ',' // instead of the brace
	return dsse.Concat{dsse.Bytes(`{"content":`), content, dsse.Bytes(b)}, nil
}

// canonicalJSON writes a small value in canonical form.
func canonicalJSON(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("failed to build the predicate: %w", err)
	}
	value := jsontext.Value(b)
	if err := value.Canonicalize(); err != nil {
		return nil, fmt.Errorf("failed to build the predicate: %w", err)
	}
	return value, nil
}
