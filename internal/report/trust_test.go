package report_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/pkg/verify"
)

func TestTrustWords(t *testing.T) {
	key := func(name, holder, id string) verify.TrustedKey {
		return verify.TrustedKey{Name: name, Holder: holder, KeyID: id, Algorithm: "ed25519"}
	}
	ann := verify.TrustedIdentity{Identity: "ann@example.com", Issuer: "https://issuer.example"}
	const one, two = "sha256:07d1aa6f00", "sha256:f7fab49000"
	for name, row := range map[string]struct {
		trust verify.TrustUsed
		want  string
	}{
		"nobody":                {verify.TrustUsed{}, "unrooted: "},
		"a key of its file":     {verify.TrustUsed{Keys: []verify.TrustedKey{key("ci.pub", "ci", one)}, Sources: []string{"keys/ci.pub"}}, "unrooted: ci.pub (ed25519)"},
		"a key of another name": {verify.TrustUsed{Keys: []verify.TrustedKey{key("ci", "ci", one)}, Sources: []string{"keys.json"}}, "unrooted: ci (ed25519); from keys.json"},
		"a key without a name":  {verify.TrustUsed{Keys: []verify.TrustedKey{key("", "team", one)}, Sources: []string{"keys.json"}}, "unrooted: team (ed25519); from keys.json"},
		"two of one name": {
			verify.TrustUsed{Keys: []verify.TrustedKey{key("ci", "a", one), key("ci", "b", two)}, Sources: []string{"a.json", "b.json"}},
			"unrooted: ci (ed25519, sha256:07d1aa6f), ci (ed25519, sha256:f7fab490); from a.json, b.json",
		},
		"two files of one name": {
			verify.TrustUsed{Keys: []verify.TrustedKey{key("ci.pub", "a", one), key("ci.pub", "b", two)}, Sources: []string{"a/ci.pub", "b/ci.pub"}},
			"unrooted: ci.pub (ed25519, sha256:07d1aa6f), ci.pub (ed25519, sha256:f7fab490); from a/ci.pub, b/ci.pub",
		},
		"an identity, a trusted root and a time stamp authority": {
			verify.TrustUsed{Identities: []verify.TrustedIdentity{ann}, Sources: []string{"trusted_root.json", "tsa.pem"}},
			"unrooted: ann@example.com by https://issuer.example; from trusted_root.json, tsa.pem",
		},
		"many sources": {
			verify.TrustUsed{Identities: []verify.TrustedIdentity{ann}, Sources: []string{"1", "2", "3", "4", "5", "6"}},
			"unrooted: ann@example.com by https://issuer.example; from 1, 2, 3, 4, and 2 more",
		},
		"an id that is none": {verify.TrustUsed{Keys: []verify.TrustedKey{key("x", "", "sha"), key("x", "", "")}}, "unrooted: x (ed25519, sha:), x (ed25519, :)"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, row.want, report.TrustWords(&row.trust)) })
	}

	var many verify.TrustUsed
	for range 12 {
		many.Keys = append(many.Keys, key("k", "k", one))
	}
	assert.Contains(t, report.TrustWords(&many), ", and 2 more")

	rooted := verify.TrustUsed{Rooted: true, Bundle: &verify.Bundle{Name: "acme"}, Keys: []verify.TrustedKey{key("ci", "ci", one)}, Sources: []string{"trust:acme/keys.json", "trust:acme"}}
	assert.Regexp(t, `^rooted: bundle acme, .*: ci \(ed25519\)$`, report.TrustWords(&rooted))
}

// TestJUnitSaysWhoIsTrusted finds both the identity and where its authority is from.
func TestJUnitSaysWhoIsTrusted(t *testing.T) {
	whole := keyless()
	require.NotEmpty(t, whole.Trust.Identities)
	whole.Trust.Sources = []string{"trusted_root.json"}
	_, file := asJUnit(t, whole)
	properties := make(map[string]string)
	for _, p := range file.Suites[0].Properties {
		properties[p.Name] = p.Value
	}
	assert.Equal(t, "trusted_root.json", properties["trust"])
	assert.Equal(t, report.TrustWords(&whole.Trust), properties["trusted"])
	assert.Contains(t, properties["trusted"], whole.Trust.Identities[0].Identity+" by "+whole.Trust.Identities[0].Issuer)
}
