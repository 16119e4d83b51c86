package predicate

import "github.com/stellaops/stella/pkg/dsse/canonical"

// The recipes by which a Merkle root is made of a bundle's entries; see
// docs/formats/snapshot.md.
const (
	RecipeRFC6962   = "rfc6962-sha256"
	RecipeChecksums = "checksums-sha256"
)

// EvidenceBundle is the predicate stella.ops/evidence@v1: a bundle of evidence, by the
// root of its Merkle tree.
type EvidenceBundle struct {
	BundleID       string        `json:"bundleId"`
	Case           string        `json:"case,omitzero"`
	Entries        int64         `json:"entries"`
	Merkle         MerkleRoot    `json:"merkle"`
	Producer       string        `json:"producer"`
	ProducedAt     string        `json:"producedAt"`              // RFC 3339 in UTC, whole seconds
	ReplayManifest string        `json:"replayManifest,omitzero"` // sha256:<hex>, like SBOMs and VEX
	SBOMs          []string      `json:"sboms,omitempty"`
	VEX            []string      `json:"vex,omitempty"`
	Transparency   *Transparency `json:"transparency,omitzero"`
}

// MerkleRoot is a root and how it is made.
type MerkleRoot struct {
	Recipe string `json:"recipe"`
	Root   string `json:"root"` // sha256:<hex>
}

// Transparency is where a bundle is logged, or why it is not.
type Transparency struct {
	UUID     string `json:"uuid,omitzero"`
	LogIndex *int64 `json:"logIndex,omitempty"`
	Reason   string `json:"reason,omitzero"` // a word, such as offline
}

// PredicateType implements Model.
func (*EvidenceBundle) PredicateType() string { return TypeEvidence }

// evidenceBundle is the shape of a bundle of evidence, by the root of its Merkle tree.
func evidenceBundle() shape {
	s := shape{
		"":                       {kind: canonical.Object},
		"/bundleId":              {kind: canonical.String, required: true, check: role},
		"/case":                  {kind: canonical.String, check: sentence(maxWord)},
		"/entries":               {kind: canonical.Number, required: true, check: integer},
		"/merkle":                {kind: canonical.Object, required: true},
		"/merkle/recipe":         {kind: canonical.String, required: true, check: oneOf(RecipeRFC6962, RecipeChecksums)},
		"/merkle/root":           {kind: canonical.String, required: true, check: policyDigest},
		"/producer":              {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/producedAt":            {kind: canonical.String, required: true, check: instant},
		"/replayManifest":        {kind: canonical.String, check: policyDigest},
		"/transparency":          {kind: canonical.Object, check: notEmpty},
		"/transparency/uuid":     {kind: canonical.String, check: entryUUID},
		"/transparency/logIndex": {kind: canonical.Number, check: integer},
		"/transparency/reason":   {kind: canonical.String, check: reason},
	}
	s.digests("/sboms")
	s.digests("/vex")
	return s
}
