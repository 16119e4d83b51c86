package forensic

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"
	"errors"
	"fmt"
	"time"

	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// PredicateType is the type of the statement about a snapshot.
const PredicateType = "stella.ops/snapshot@v1"

// Predicate is what is signed about a snapshot. Its subject is the manifest.
type Predicate struct {
	BundleID  string        `json:"bundleId"`
	Case      string        `json:"case"`
	CreatedAt time.Time     `json:"createdAt"`
	Entries   uint64        `json:"entries"`
	Size      int64         `json:"sizeBytes"` // of all entries
	Merkle    Merkle        `json:"merkle"`
	Timeline  *TimelineHead `json:"timeline,omitempty"`
}

// Merkle is a root and how it was made.
type Merkle struct {
	Recipe string `json:"recipe"`
	Root   string `json:"root"`
}

// maxPredicate bounds a predicate, in bytes.
const maxPredicate = 64 << 10

// message returns the statement about a manifest with this digest.
func (p *Predicate) message(manifest [sha256.Size]byte) (dsse.Message, []intoto.Subject, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, nil, err
	}
	if text, err = canonical.Append(nil, text); err != nil {
		return nil, nil, err
	}
	subjects := []intoto.Subject{{Name: ManifestName, Digest: map[string]string{"sha256": hex.EncodeToString(manifest[:])}}}
	m, err := intoto.NewMessage(PredicateType, subjects, dsse.Bytes(text))
	return m, subjects, err
}

// parsePredicate reads the predicate of a verified statement.
func parsePredicate(m dsse.Message) (*Predicate, error) {
	if m.Size() > maxPredicate {
		return nil, fmt.Errorf("the statement is over %d bytes", maxPredicate)
	}
	var statement struct {
		Predicate Predicate `json:"predicate"`
	}
	r := dsse.NewReader(m)
	defer r.Close()
	if err := json.UnmarshalRead(r, &statement); err != nil {
		return nil, errors.New("the statement's predicate is not that of a snapshot")
	}
	p := &statement.Predicate
	if err := CheckCase(p.Case); err != nil {
		return nil, err
	}
	if !isUUID(p.BundleID) || !strictjson.IsSHA256(p.Merkle.Root) || p.Merkle.Recipe != RecipeRFC6962 || p.Timeline != nil && !strictjson.IsSHA256(p.Timeline.Head) {
		return nil, errors.New("the statement's predicate is not that of a snapshot")
	}
	return p, nil
}

// differences are what a manifest says otherwise than the statement about it.
func (p *Predicate) differences(m *Manifest) []error {
	var out []error
	differs := func(what string, signed, said any) {
		if signed != said {
			out = append(out, fmt.Errorf("the manifest has the %s %q, and %q is signed", what, fmt.Sprint(said), fmt.Sprint(signed)))
		}
	}
	differs("bundleId", p.BundleID, m.BundleID)
	differs("root", p.Merkle.Root, m.HashSummary.MerkleRoot)
	differs("recipe", p.Merkle.Recipe, m.HashSummary.MerkleRecipe)
	differs("timeline", headOf(p.Timeline), headOf(m.Timeline))
	return out
}

func headOf(t *TimelineHead) TimelineHead {
	if t == nil {
		return TimelineHead{}
	}
	return *t
}

// String says how far a timeline goes; the zero value is that of none.
func (t TimelineHead) String() string {
	if t == (TimelineHead{}) {
		return "none"
	}
	return fmt.Sprintf("%d events up to %s", t.Events, t.Head)
}
