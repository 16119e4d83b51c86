package keys

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// jsonEntry is an entry of keys.json in the order in which it is written.
type jsonEntry struct {
	Name           string     `json:"name"`
	Key            string     `json:"key"`
	Algorithm      Algorithm  `json:"algorithm"`
	Scheme         Scheme     `json:"scheme,omitzero"`
	Holder         string     `json:"holder,omitzero"`
	Roles          []string   `json:"roles,omitzero"`
	NotBefore      time.Time  `json:"notBefore,omitzero"`
	NotAfter       time.Time  `json:"notAfter,omitzero"`
	RevokedAt      time.Time  `json:"revokedAt,omitzero"`
	Reason         string     `json:"reason,omitzero"`
	PredicateTypes []string   `json:"predicateTypes"`
	Tenant         string     `json:"tenant,omitzero"`
	FIDO2          *jsonFIDO2 `json:"fido2,omitzero"`
}

type jsonFIDO2 struct {
	RPID  string   `json:"rpId"`
	Flags []string `json:"flags"`
}

// MarshalKeysJSON writes entries as a keys.json that ParseKeysJSON reads to the
// same. What it would refuse is its error.
func MarshalKeysJSON(list ...TrustedKey) ([]byte, error) {
	out := struct {
		Format string      `json:"format"`
		Keys   []jsonEntry `json:"keys"`
	}{KeysJSONFormat, []jsonEntry{}}
	for _, k := range list {
		entry, err := newJSONEntry(k)
		if err != nil {
			return nil, err
		}
		out.Keys = append(out.Keys, entry)
	}
	b, err := json.Marshal(out, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "failed to encode the entry")
	}
	b = append(b, '\n')
	_, err = ParseKeysJSON(b, "keys.json")
	return b, err
}

func newJSONEntry(k TrustedKey) (jsonEntry, error) {
	text, err := MarshalPublic(k.Public)
	if err != nil {
		return jsonEntry{}, err
	}
	algorithm, err := AlgorithmOf(k.Public)
	if err != nil {
		return jsonEntry{}, err
	}
	entry := jsonEntry{
		Name: k.Name, Key: string(text), Algorithm: algorithm, Scheme: k.Scheme, Holder: k.Holder, Roles: k.Roles,
		NotBefore: k.NotBefore.UTC(), NotAfter: k.NotAfter.UTC(), RevokedAt: k.RevokedAt.UTC(), Reason: k.Reason,
		PredicateTypes: k.PredicateTypes, Tenant: k.Tenant,
	}
	if k.AnyPredicateType {
		entry.PredicateTypes = []string{anyType}
	}
	if k.FIDO2 != nil {
		entry.FIDO2 = &jsonFIDO2{k.FIDO2.RPID, k.FIDO2.Flags}
	}
	return entry, nil
}
