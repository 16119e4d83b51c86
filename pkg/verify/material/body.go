package material

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
)

// A kind is one type of log entry, and the version of Rekor that writes it.
type kind struct {
	kind, version string
	rekor         int
	// needs are the members, as paths, that the library follows without looking.
	needs [][]string
}

// kinds are the entries that can be about what we verify.
func kinds() []kind {
	return []kind{
		{"hashedrekord", "0.0.1", 1, [][]string{
			{"data", "hash", "algorithm"}, {"data", "hash", "value"},
			{"signature", "content"}, {"signature", "publicKey", "content"},
		}},
		{"dsse", "0.0.1", 1, [][]string{
			{"payloadHash", "algorithm"}, {"payloadHash", "value"}, {"envelopeHash", "value"},
			{"signatures", "0", "signature"}, {"signatures", "0", "verifier"},
		}},
		{"intoto", "0.0.2", 1, [][]string{
			{"content", "payloadHash", "algorithm"}, {"content", "payloadHash", "value"},
			{"content", "envelope", "signatures", "0", "sig"}, {"content", "envelope", "signatures", "0", "publicKey"},
		}},
		{"hashedrekord", "0.0.2", 2, [][]string{
			{"hashedRekordV002", "data", "digest"}, {"hashedRekordV002", "data", "algorithm"},
			{"hashedRekordV002", "signature", "content"}, {"hashedRekordV002", "signature", "verifier", "keyDetails"},
		}},
	}
}

// checkBody refuses a body that is no entry of a known kind, before the library
// reads it: duplicate members, which readers resolve in different ways, and
// missing ones.
func checkBody(b []byte) (kind, error) {
	if len(b) == 0 || len(b) > maxBody {
		return kind{}, fmt.Errorf("its body has %d bytes, not between 1 and %d", len(b), maxBody)
	}
	var head struct {
		Kind    string         `json:"kind"`
		Version string         `json:"apiVersion"`
		Spec    jsontext.Value `json:"spec"`
	}
	if err := json.Unmarshal(b, &head, json.RejectUnknownMembers(true)); err != nil {
		return kind{}, fmt.Errorf("its body is malformed: %w", err)
	}
	for _, k := range kinds() {
		if k.kind != head.Kind || k.version != head.Version {
			continue
		}
		for _, path := range k.needs {
			if !hasText(head.Spec, path) {
				return kind{}, fmt.Errorf("its body lacks %q", path)
			}
		}
		return k, nil
	}
	return kind{}, fmt.Errorf("entries of type %.40q %.40q are not supported", head.Kind, head.Version)
}

// hasText reports whether a string that is not empty stands at a path. Of an
// array only the one element 0 may be there: the library looks at no other.
func hasText(v jsontext.Value, path []string) bool {
	if len(path) == 0 {
		return v.Kind() == '"' && len(v) > len(`""`)
	}
	if path[0] == "0" {
		var list []jsontext.Value
		return json.Unmarshal(v, &list) == nil && len(list) == 1 && hasText(list[0], path[1:])
	}
	var members map[string]jsontext.Value
	return json.Unmarshal(v, &members) == nil && hasText(members[path[0]], path[1:])
}
