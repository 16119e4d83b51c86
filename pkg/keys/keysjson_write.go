package keys

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// EntryJSON is what an entry of a keys.json and one of a keyring have alike, as
// it is written: the members of EntryMembers.
type EntryJSON struct {
	Name      string        `json:"name"`
	Key       string        `json:"key"`
	Algorithm Algorithm     `json:"algorithm"`
	Scheme    Scheme        `json:"scheme,omitempty"`
	FIDO2     *fido2JSON    `json:"fido2,omitempty"`
	Holder    string        `json:"holder,omitempty"`
	Roles     []string      `json:"roles,omitempty"`
	Tenant    string        `json:"tenant,omitempty"`
	NotBefore time.Time     `json:"notBefore,omitzero"`
	NotAfter  time.Time     `json:"notAfter,omitzero"`
	RevokedAt time.Time     `json:"revokedAt,omitzero"`
	Reason    string        `json:"reason,omitempty"`
	Hardware  *hardwareJSON `json:"hardware,omitempty"`
}

type fido2JSON struct {
	RPID  string   `json:"rpId"`
	Flags []string `json:"flags"`
}

type hardwareJSON struct {
	Attestation string    `json:"attestation"`
	Roots       []string  `json:"roots"`
	VerifiedAt  time.Time `json:"verifiedAt"`
}

// NewEntryJSON returns the written form of k.
func NewEntryJSON(k *TrustedKey) (EntryJSON, error) {
	text, err := MarshalPublic(k.Public)
	if err != nil {
		return EntryJSON{}, err
	}
	algorithm, err := AlgorithmOf(k.Public)
	if err != nil {
		return EntryJSON{}, err
	}
	e := EntryJSON{
		Name: k.Name, Key: string(text), Algorithm: algorithm, Scheme: k.Scheme,
		Holder: k.Holder, Roles: k.Roles, Tenant: k.Tenant, Reason: k.Reason,
		NotBefore: k.NotBefore.UTC(), NotAfter: k.NotAfter.UTC(), RevokedAt: k.RevokedAt.UTC(),
	}
	if k.FIDO2 != nil {
		e.FIDO2 = &fido2JSON{k.FIDO2.RPID, k.FIDO2.Flags}
	}
	if h := k.Hardware; h != nil {
		e.Hardware = &hardwareJSON{h.Format, h.Roots, h.VerifiedAt.UTC()}
	}
	return e, nil
}

// MarshalKeysJSON writes a keys.json. What ParseKeysJSON would refuse is
// fault.TrustMalformed.
func MarshalKeysJSON(list ...TrustedKey) ([]byte, error) {
	type entry struct {
		EntryJSON
		Hybrid         string   `json:"hybrid,omitempty"`
		PredicateTypes []string `json:"predicateTypes"`
	}
	entries := make([]entry, len(list))
	for i := range list {
		shared, err := NewEntryJSON(&list[i])
		if err != nil {
			return nil, err
		}
		entries[i] = entry{shared, list[i].Hybrid, list[i].PredicateTypes}
		if list[i].AnyPredicateType {
			entries[i].PredicateTypes = []string{anyType}
		}
	}
	out, err := json.Marshal(struct {
		Format string  `json:"format"`
		Keys   []entry `json:"keys"`
	}{KeysJSONFormat, entries}, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fault.Wrap(fault.TrustMalformed, err, "failed to write a keys.json")
	}
	out = append(out, '\n')
	if _, err := ParseKeysJSON(out, "keys.json"); err != nil {
		return nil, err
	}
	return out, nil
}
