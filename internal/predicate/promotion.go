package predicate

import (
	"encoding/json/v2"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// Bounds in a promotion; schema/promotion.v1.json has the same.
const (
	MaxMaterials  = 64      // materials of one promotion
	maxNotes      = 4 << 10 // characters
	maxHashes     = 64      // of an inclusion proof: a tree of 2^64 entries has no more
	maxSignedNote = 8 << 10 // characters of a checkpoint
	maxEntryBody  = 60 << 10
	maxReason     = 64
)

// The roles of a promotion's materials.
const (
	RoleSBOM   = "sbom"
	RoleVEX    = "vex"
	RoleReport = "report"
)

// Roles lists the roles of materials, in the order in which they are written.
func Roles() []string { return []string{RoleSBOM, RoleVEX, RoleReport} }

// Promotion is the predicate stella.ops/promotion@v1: an image went from one
// environment to the next, on the evidence that is named. Members that the
// original knows are called and written as there; see docs/formats/promotion.md.
type Promotion struct {
	Type        string            `json:"_type"`
	Attestation *AttestationRef   `json:"attestation,omitzero"` // the SBOM's
	Materials   []Material        `json:"materials"`
	Previous    *AttestationRef   `json:"previous,omitzero"` // the promotion before this one
	Promotion   Step              `json:"promotion"`
	Rekor       *Receipt          `json:"rekor,omitzero"` // the SBOM's
	Subject     []PromotedSubject `json:"subject"`
}

// PromotedSubject is the image.
type PromotedSubject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"` // sha256 alone
}

// Step is who promoted what where, in the promoter's words.
type Step struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Actor     string `json:"actor"`
	Timestamp string `json:"timestamp"` // RFC 3339 in UTC, whole seconds; proves nothing
	Pipeline  string `json:"pipeline,omitzero"`
	Ticket    string `json:"ticket,omitzero"`
	Notes     string `json:"notes,omitzero"`
}

// Material is a document that the promotion rests on, and the attestation of it.
type Material struct {
	Role   string `json:"role"`
	Algo   string `json:"algo"`   // sha256
	Digest string `json:"digest"` // of the document, in hex
	Format string `json:"format"` // such as CycloneDX-1.6
	URI    string `json:"uri,omitzero"`
	// Attestation is nil for a document that nobody attested.
	Attestation *AttestationRef `json:"attestation,omitzero"`
	Rekor       *Receipt        `json:"rekor,omitzero"`
	// Unverified is why the promoter could not verify the attestation and went on
	// all the same: a reason of the catalog. Empty if it was verified.
	Unverified string `json:"unverified,omitzero"`
}

// AttestationRef names an attestation.
type AttestationRef struct {
	// BundleSHA256 is the identifier of one envelope; PayloadSHA256 is what binds:
	// the digest of the payload, whoever signed it. Both are sha256:<hex>.
	BundleSHA256  string `json:"bundle_sha256"`
	PayloadSHA256 string `json:"payload_sha256,omitzero"`
	Witness       string `json:"witness,omitzero"` // read, never written
	Unverified    string `json:"unverified,omitzero"`
}

// Receipt is an entry of a transparency log, with all that a verifier needs who has
// no network.
type Receipt struct {
	UUID     string `json:"uuid"` // the entry's leaf hash in hex
	LogIndex int64  `json:"logIndex"`
	// LogID is the SHA-256 of the log's key in hex, Body the entry in base64.
	LogID                string          `json:"logId,omitzero"`
	Body                 string          `json:"body,omitzero"`
	IntegratedTime       int64           `json:"integratedTime,omitzero"` // seconds since 1970
	SignedEntryTimestamp string          `json:"signedEntryTimestamp,omitzero"`
	InclusionProof       *InclusionProof `json:"inclusionProof,omitzero"`
}

// InclusionProof leads from the entry to a checkpoint of the log.
type InclusionProof struct {
	LogIndex   *int64        `json:"logIndex,omitempty"` // in the tree of the checkpoint
	RootHash   string        `json:"rootHash"`           // hex, like Hashes
	Hashes     []string      `json:"hashes"`
	TreeSize   int64         `json:"treeSize"`
	Checkpoint LogCheckpoint `json:"checkpoint"`
}

// LogCheckpoint is a signed tree head, as a whole and in parts.
type LogCheckpoint struct {
	Origin     string `json:"origin"`
	Size       int64  `json:"size"`
	Hash       string `json:"hash"` // hex
	SignedNote string `json:"signedNote"`
}

// PredicateType implements Model.
func (*Promotion) PredicateType() string { return TypePromotion }

// Draft drafts the statement about the promoted image.
func (p *Promotion) Draft() (*Draft, error) {
	return NewDraft(p, intoto.Subject{Name: p.Subject[0].Name, Digest: p.Subject[0].Digest})
}

// ParsePromotion reads the predicate of a promotion after checking it. At most
// MaxPromotion bytes are read.
func ParsePromotion(r io.Reader) (*Promotion, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxPromotion+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > MaxPromotion:
		return nil, fault.New(fault.InputTooLarge, "a promotion is over the limit of %d bytes", MaxPromotion)
	}
	if err := Check(TypePromotion, strings.NewReader(string(b))); err != nil {
		return nil, err
	}
	p := &Promotion{}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fault.Wrap(fault.PredicateInvalid, err, "predicate does not follow %s", TypePromotion)
	}
	return p, nil
}

// MaxPromotion bounds a promotion in bytes: 64 materials, each with a log entry of the
// usual size.
const MaxPromotion = 16 << 20

// Material returns the first material of a role, or nil.
func (p *Promotion) Material(role string) *Material {
	for i := range p.Materials {
		if p.Materials[i].Role == role {
			return &p.Materials[i]
		}
	}
	return nil
}

// Image returns the image's name and its digest, sha256:<hex>.
func (p *Promotion) Image() (name, digest string) {
	return p.Subject[0].Name, "sha256:" + p.Subject[0].Digest["sha256"]
}

// promotion is the shape of a promotion.
func promotion() shape {
	s := shape{
		"":                        {kind: canonical.Object},
		"/_type":                  {kind: canonical.String, required: true, check: oneOf(TypePromotion)},
		"/subject":                {kind: canonical.Array, required: true, size: between(1, 1, "subjects")},
		"/subject/*":              {kind: canonical.Object},
		"/subject/*/name":         {kind: canonical.String, required: true, check: sentence(maxURI)},
		"/subject/*/digest":       {kind: canonical.Object, required: true},
		"/materials":              {kind: canonical.Array, required: true, size: between(1, MaxMaterials, "materials")},
		"/materials/*":            {kind: canonical.Object},
		"/materials/*/role":       {kind: canonical.String, required: true, check: oneOf(Roles()...)},
		"/materials/*/algo":       {kind: canonical.String, required: true, check: oneOf("sha256")},
		"/materials/*/digest":     {kind: canonical.String, required: true, check: sha256Hex},
		"/materials/*/format":     {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/materials/*/uri":        {kind: canonical.String, check: uri},
		"/promotion":              {kind: canonical.Object, required: true},
		"/promotion/from":         {kind: canonical.String, required: true, check: role},
		"/promotion/to":           {kind: canonical.String, required: true, check: role},
		"/promotion/actor":        {kind: canonical.String, required: true, check: sentence(maxURI)},
		"/promotion/timestamp":    {kind: canonical.String, required: true, check: instant},
		"/promotion/pipeline":     {kind: canonical.String, check: uri},
		"/promotion/ticket":       {kind: canonical.String, check: sentence(maxWord)},
		"/promotion/notes":        {kind: canonical.String, check: prose(maxNotes)},
		"/materials/*/unverified": {kind: canonical.String, check: reason},
	}
	s["/subject/*/digest/sha256"] = rule{kind: canonical.String, required: true, check: sha256Hex}
	for _, at := range []string{"/attestation", "/previous", "/materials/*/attestation"} {
		s.attestation(at, at != "/attestation")
	}
	for _, at := range []string{"/rekor", "/materials/*/rekor"} {
		s.receipt(at)
	}
	return s
}

// attestation adds the shape of an AttestationRef. The original's names no payload.
func (s shape) attestation(at string, ours bool) {
	s[at] = rule{kind: canonical.Object}
	s[at+"/bundle_sha256"] = rule{kind: canonical.String, required: true, check: policyDigest}
	s[at+"/payload_sha256"] = rule{kind: canonical.String, required: ours, check: policyDigest}
	s[at+"/unverified"] = rule{kind: canonical.String, check: reason}
	s[at+"/witness"] = rule{kind: canonical.String, check: sentence(maxURI)}
}

func (s shape) receipt(at string) {
	s[at] = rule{kind: canonical.Object}
	s[at+"/uuid"] = rule{kind: canonical.String, required: true, check: entryUUID}
	s[at+"/logIndex"] = rule{kind: canonical.Number, required: true, check: integer}
	s[at+"/logId"] = rule{kind: canonical.String, check: sha256Hex}
	s[at+"/body"] = rule{kind: canonical.String, check: base64Text(maxEntryBody)}
	s[at+"/integratedTime"] = rule{kind: canonical.Number, check: integer}
	s[at+"/signedEntryTimestamp"] = rule{kind: canonical.String, check: base64Text(maxPEM)}
	proof := at + "/inclusionProof"
	s[proof] = rule{kind: canonical.Object}
	s[proof+"/logIndex"] = rule{kind: canonical.Number, check: integer}
	s[proof+"/rootHash"] = rule{kind: canonical.String, required: true, check: sha256Hex}
	s[proof+"/hashes"] = rule{kind: canonical.Array, required: true, size: between(0, maxHashes, "hashes")}
	s[proof+"/hashes/*"] = rule{kind: canonical.String, check: sha256Hex}
	s[proof+"/treeSize"] = rule{kind: canonical.Number, required: true, check: integer}
	s[proof+"/checkpoint"] = rule{kind: canonical.Object, required: true}
	s[proof+"/checkpoint/origin"] = rule{kind: canonical.String, required: true, check: sentence(maxURI)}
	s[proof+"/checkpoint/size"] = rule{kind: canonical.Number, required: true, check: integer}
	s[proof+"/checkpoint/hash"] = rule{kind: canonical.String, required: true, check: sha256Hex}
	s[proof+"/checkpoint/signedNote"] = rule{kind: canonical.String, required: true, check: prose(maxSignedNote)}
}

// entryUUID holds what names an entry: its leaf hash, with the id of the tree before
// it where Rekor v1 has one.
func entryUUID(s string) string {
	if len(s) == 80 && strings.Trim(s[:16], "0123456789abcdef") == "" {
		s = s[16:]
	}
	if checkHex("sha256", s) != nil {
		return "64 or 80 lower-case hex digits"
	}
	return ""
}

func reason(s string) string {
	if s == "" || len(s) > maxReason || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._") != "" {
		return "1 to 64 of a-z, 0-9, . and _"
	}
	return ""
}

// sentence is one line of text, up to most characters.
func sentence(most int) func(string) string {
	return func(s string) string {
		if n := utf8.RuneCountInString(s); n < 1 || n > most || !strictjson.IsText(s) {
			return fmt.Sprintf("1 to %d characters without control characters", most)
		}
		return ""
	}
}

// prose is lines of text, up to most characters.
func prose(most int) func(string) string {
	return func(s string) string {
		if n := utf8.RuneCountInString(s); n < 1 || n > most || !strictjson.IsText(strings.NewReplacer("\n", "", "\t", "").Replace(s)) {
			return fmt.Sprintf("1 to %d characters without control characters but tabs and line feeds", most)
		}
		return ""
	}
}

// base64Text is standard base64 with its padding, up to most characters.
func base64Text(most int) func(string) string {
	return func(s string) string {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		body := strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
		if body == "" || len(s) > most || len(s)%4 != 0 || strings.Trim(body, alphabet) != "" {
			return fmt.Sprintf("up to %d characters of base64", most)
		}
		return ""
	}
}
