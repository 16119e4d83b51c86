package endtoend

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// entry is one key of a keys.json.
type entry struct {
	key, holder                    string
	notBefore, notAfter, revokedAt string
	types                          []string
}

// keysJSON is a keys.json of the world's keys.
func (w *world) keysJSON(entries ...entry) []byte {
	w.t.Helper()
	var list []string
	for _, e := range entries {
		pem, err := jsontext.AppendQuote(nil, w.read(e.key+".pub"))
		require.NoError(w.t, err)
		types, err := json.Marshal(append([]string{}, e.types...))
		require.NoError(w.t, err)
		members := []string{fmt.Sprintf(`"name":%q,"key":%s,"algorithm":%q,"predicateTypes":%s`, e.key, pem, keyPairs()[e.key], types)}
		for _, m := range [][2]string{{"holder", e.holder}, {"notBefore", e.notBefore}, {"notAfter", e.notAfter}, {"revokedAt", e.revokedAt}} {
			if m[1] != "" {
				members = append(members, fmt.Sprintf("%q:%q", m[0], m[1]))
			}
		}
		list = append(list, "{"+strings.Join(members, ",")+"}")
	}
	return []byte(`{"format":"stella.ops/keys@v1","keys":[` + strings.Join(list, ",") + "]}")
}

// TestKeysJSON judges keys by their windows, revocation and allowed types.
func TestKeysJSON(t *testing.T) {
	w := ready(t)
	const early, mid, late = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"
	window := entry{key: "p256.key", types: []string{"*"}, notBefore: mid, notAfter: late}
	revoked := entry{key: "p256.key", types: []string{"*"}, revokedAt: mid}
	typed := func(types ...string) entry { return entry{key: "p256.key", types: types} }
	tests := map[string]struct {
		entry  entry
		at     string
		status int
		reason fault.Reason
	}{
		"good":                      {entry{key: "p256.key", types: []string{"*"}}, mid, 0, ""},
		"before":                    {window, early, 3, fault.KeyNotYetValid},
		"first instant":             {window, mid, 0, ""},
		"last instant":              {window, late, 0, ""},
		"after":                     {window, "2027-01-01T00:00:01Z", 3, fault.KeyExpired},
		"revoked":                   {revoked, late, 3, fault.KeyRevoked},
		"revoked later, unproven":   {revoked, early, 3, fault.KeyRevoked},
		"allowed type":              {typed("https://cyclonedx.org/bom"), mid, 0, ""},
		"another type":              {typed("https://spdx.dev/Document"), mid, 3, fault.KeyTypeForbidden},
		"no type":                   {typed(), mid, 3, fault.KeyTypeForbidden},
		"time with another offset":  {window, "2026-01-01T01:00:00+01:00", 0, ""},
		"time with offset, too old": {window, "2026-01-01T00:00:00+01:00", 3, fault.KeyNotYetValid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := in(t, w)
			w.write("keys.json", w.keysJSON(tt.entry))
			for _, file := range []string{"sbom.sigstore.json", "sbom.dsse.json"} {
				w.judged(tt.status, tt.reason, stella("verify", file, "--key", "keys.json", "--at", tt.at))
			}
		})
	}
	w.write("keys.json", bytes.Replace(w.keysJSON(window), []byte("notAfter"), []byte("notafter"), 1))
	w.fails(failure{2, fault.TrustMalformed, []string{`"keys.json"`, "notafter", "notAfter"}}, stella("verify", "sbom.sigstore.json", "--key", "keys.json"))
	w.fails(failure{2, fault.UsageInvalid, []string{"--at", "RFC 3339"}}, stella("verify", "sbom.sigstore.json", "--key", "p256.key.pub", "--at", "yesterday"))
}
