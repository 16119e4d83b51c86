package predicate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
)

func TestTypesAreDistinct(t *testing.T) {
	seen := make(map[string]string)
	for _, typ := range predicate.Types() {
		for _, s := range append([]string{typ.Name, typ.URI}, typ.Spellings...) {
			require.NotEmpty(t, s)
			assert.Empty(t, seen[s], "%q names two rows", s)
			seen[s] = typ.Name
			got, err := predicate.Lookup(s)
			require.NoError(t, err)
			assert.Equal(t, typ, got)
		}
	}
}

func TestMatches(t *testing.T) {
	tests := []struct {
		demanded, actual string
		want             bool
	}{
		{"cyclonedx", "https://cyclonedx.org/bom", true},
		{"cyclonedx", "https://cyclonedx.org/bom/v1.5", true},
		{"https://cyclonedx.org/bom", "https://cyclonedx.org/bom/v1.5", true},
		{"https://cyclonedx.org/bom/v1.4", "https://cyclonedx.org/bom", true},
		{"https://cyclonedx.org/bom/v1.4", "https://cyclonedx.org/bom/v1.4", true},
		{"https://cyclonedx.org/bom/v1.5", "https://cyclonedx.org/bom/v1.4", false},
		{"https://spdx.dev/Document/v2.3", "https://spdx.dev/Document/v3", false},
		{"https://spdx.dev/Document/v3", "https://spdx.dev/Document/v2.3", false},
		{"spdx", "https://spdx.dev/Document/v3", true},
		{"spdx", "https://spdx.dev/Document/v4", false},
		{"spdx", "https://cyclonedx.org/bom", false},
		{"sbom", "https://stella.ops/predicates/sbom@v1", false},
		{"openvex", "https://openvex.dev/ns/v0.2.0", true},
		{"report", "verdict.stella/v1", false},
		{"vuln", predicate.TypeVulns, false},
		{"slsaprovenance", "https://slsa.dev/provenance/v1", false},
		{"https://example.com/x", "https://example.com/x", true},
		{"https://example.com/x", "https://example.com/x/", false},
		{"nonsense", "https://example.com/x", false},
		{"sbom", predicate.TypeSBOM, true},
		{"sbom", "sbom", false},
		{predicate.TypeSBOM, "sbom", false},
		{"nonsense", "nonsense", false},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, predicate.Matches(tt.demanded, tt.actual), "%q %q", tt.demanded, tt.actual)
	}
}

// A short name is what a user types. What a statement says is a URI.
func TestSpellingsAreURIs(t *testing.T) {
	for _, typ := range predicate.Types() {
		assert.Equal(t, []string{typ.Name}, predicate.Spellings(typ.Name))
		assert.Equal(t, append([]string{typ.URI}, typ.Spellings...), predicate.Spellings(typ.URI))
		for _, uri := range typ.Spellings {
			assert.Equal(t, []string{typ.URI, uri}, predicate.Spellings(uri))
		}
	}
	assert.Equal(t, []string{"https://example.com/x"}, predicate.Spellings("https://example.com/x"))
}

func TestLookupRefuses(t *testing.T) {
	for _, s := range []string{"", "cyclondx", "a b:c", "https://é", "x:\x1b[31m"} {
		_, err := predicate.Lookup(s)
		require.Error(t, err, "%q", s)
		assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err))
	}
	typ, err := predicate.Lookup("https://example.com/x")
	require.NoError(t, err)
	assert.Empty(t, typ.Name)
}
