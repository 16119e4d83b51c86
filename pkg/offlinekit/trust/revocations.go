package trust

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// RevocationsFormat is the format string of a revocations.json.
const RevocationsFormat = "stella.ops/revocations@v1"

// Revocation says that a key is bad from an instant on, wherever it stands: in a
// keys.json or in a certificate.
type Revocation struct {
	// KeyID is sha256:<hex> of the key's SubjectPublicKeyInfo.
	KeyID     string    `json:"keyId"`
	RevokedAt time.Time `json:"revokedAt"`
	Reason    string    `json:"reason,omitempty"`
}

// ParseRevocations reads a revocations.json; source is its name for messages. All
// errors are fault.TrustMalformed.
func ParseRevocations(b []byte, source string) ([]Revocation, error) {
	top, err := strictjson.Document{Source: source, Reason: fault.TrustMalformed}.Parse(b)
	if err != nil {
		return nil, err
	}
	if format := top.Text("format", strictjson.Required, maxName, nil); top.Err() == nil && format != RevocationsFormat {
		return nil, top.Fail("format", "unknown format %q, want %q", format, RevocationsFormat).
			WithHint("use the stella that this trust was made for, or a newer one")
	}
	list := readRevocations(top, "revocations", maxRevocations)
	return list, top.Close("format", "revocations")
}

func readRevocations(top *strictjson.Object, member string, most int) []Revocation {
	var out []Revocation
	for _, o := range top.Objects(member, strictjson.Required, most) {
		r := Revocation{
			KeyID:     o.Text("keyId", strictjson.Required, maxName, isKeyID),
			RevokedAt: o.Time("revokedAt", strictjson.Required),
			Reason:    o.Text("reason", strictjson.Optional, maxText, strictjson.IsText),
		}
		if find(out, r.KeyID) != nil {
			o.Keep(o.Fail("keyId", "stands twice: %q", r.KeyID))
		}
		top.Keep(o.Close("keyId", "revokedAt", "reason"))
		out = append(out, r)
	}
	return out
}

func isKeyID(s string) bool {
	sum, is := strings.CutPrefix(s, "sha256:")
	return is && strictjson.IsSHA256(sum)
}

// MarshalRevocations writes a revocations.json.
func MarshalRevocations(list []Revocation) ([]byte, error) {
	b, err := json.Marshal(struct {
		Format      string       `json:"format"`
		Revocations []Revocation `json:"revocations"`
	}{RevocationsFormat, slices.Concat([]Revocation{}, list)}, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fault.Wrap(fault.TrustMalformed, err, "failed to write a revocations.json")
	}
	b = append(b, '\n')
	_, err = ParseRevocations(b, revocationsTarget)
	return b, err
}

func find(list []Revocation, keyID string) *Revocation {
	for i := range list {
		if list[i].KeyID == keyID {
			return &list[i]
		}
	}
	return nil
}

// earliest adds revocations to those that are known. Of one key the earliest stays,
// with its reason.
func earliest(known, more []Revocation) []Revocation {
	out := slices.Clone(known)
	for _, r := range more {
		was := find(out, r.KeyID)
		switch {
		case was == nil:
			out = append(out, r)
		case r.RevokedAt.Before(was.RevokedAt):
			*was = r
		}
	}
	return out
}

// ofKeys are the revocations that the entries of keys say.
func ofKeys(list []keys.TrustedKey) []Revocation {
	var out []Revocation
	for i := range list {
		k := &list[i]
		if k.RevokedAt.IsZero() {
			continue
		}
		id, err := dsse.KeyID(k.Public)
		if err != nil {
			continue // not reached: it was parsed
		}
		out = append(out, Revocation{id, k.RevokedAt.UTC(), k.Reason})
	}
	return out
}

// revoke puts revocations into the entries of keys.
func revoke(list []keys.TrustedKey, revocations []Revocation) []keys.TrustedKey {
	out := slices.Clone(list)
	for i := range out {
		id, err := dsse.KeyID(out[i].Public)
		if err != nil {
			continue // not reached: it was parsed
		}
		if r := find(revocations, id); r != nil && (out[i].RevokedAt.IsZero() || r.RevokedAt.Before(out[i].RevokedAt)) {
			out[i].RevokedAt, out[i].Reason = r.RevokedAt, r.Reason
		}
	}
	return out
}
