package predicate

import "github.com/stellaops/stella/pkg/dsse/canonical"

// Graph is the predicate stella.ops/graph@v1: a reachability graph, by digest or
// embedded. The statement's subjects are what was analysed.
type Graph struct {
	Format      string         `json:"format"` // 1 to 64 of a-z, 0-9 and -
	Digest      GraphDigest    `json:"digest"`
	MediaType   string         `json:"mediaType"`
	Size        int64          `json:"size"` // of the graph in bytes
	Nodes       int64          `json:"nodes"`
	Edges       int64          `json:"edges"`
	Entrypoints *int64         `json:"entrypoints,omitempty"`
	URI         string         `json:"uri,omitzero"`
	Content     map[string]any `json:"content,omitempty"` // the graph itself, as JSON
	Analyzer    Program        `json:"analyzer"`
	Inputs      []Reference    `json:"inputs,omitempty"`
	CreatedAt   string         `json:"createdAt"` // RFC 3339 in UTC, whole seconds
}

// GraphDigest has the digests of a graph's bytes in hex. BLAKE3 is that by which stores of
// graphs name them.
type GraphDigest struct {
	SHA256 string `json:"sha256"`
	BLAKE3 string `json:"blake3,omitzero"`
}

// PredicateType implements Model.
func (*Graph) PredicateType() string { return TypeGraph }

// graph is the shape of a reachability graph, by digest or embedded.
func graph() shape {
	s := shape{
		"":               {kind: canonical.Object},
		"/format":        {kind: canonical.String, required: true, check: formatID},
		"/digest":        {kind: canonical.Object, required: true},
		"/digest/sha256": {kind: canonical.String, required: true, check: sha256Hex},
		"/digest/blake3": {kind: canonical.String, check: sha256Hex},
		"/mediaType":     {kind: canonical.String, required: true, check: mediaType},
		"/size":          {kind: canonical.Number, required: true, check: integer},
		"/nodes":         {kind: canonical.Number, required: true, check: integer},
		"/edges":         {kind: canonical.Number, required: true, check: integer},
		"/entrypoints":   {kind: canonical.Number, check: integer},
		"/uri":           {kind: canonical.String, check: uri},
		"/content":       {kind: canonical.Object, opaque: true},
		"/createdAt":     {kind: canonical.String, required: true, check: instant},
	}
	s.program("/analyzer", true)
	s.references("/inputs", false)
	return s
}
