package predicate

import (
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// The predicate types that stella writes by itself.
const (
	TypeCycloneDX      = "https://cyclonedx.org/bom"
	TypeSPDX           = "https://spdx.dev/Document"
	TypeSyft           = "https://syft.dev/bom"
	TypeSBOM           = "stella.ops/sbom@v1"
	TypeReport         = "stella.ops/report@v1"
	TypeVEX            = "stella.ops/vex@v1"
	TypeKeyRotation    = "stella.ops/keyRotation@v1"
	TypeKeyRevocation  = "stella.ops/keyRevocation@v1"
	TypeOfflineKit     = "stella.ops/offlineKit@v1"
	TypePromotion      = "stella.ops/promotion@v1"
	TypeVEXDecision    = "stella.ops/vexDecision@v1"
	TypeGraph          = "stella.ops/graph@v1"
	TypePolicy         = "stella.ops/policy@v1"
	TypeEvidence       = "stella.ops/evidence@v1"
	TypeReplay         = "stella.ops/replay@v1"
	TypeVerdict        = "verdict.stella/v1"
	TypeOpenVEX        = "https://openvex.dev/ns"
	TypeVulns          = "https://in-toto.io/attestation/vulns/v0.1"
	TypePolicyDecision = "https://stella.ops/predicates/policy-decision@v1"
	TypeSLSA1          = "https://slsa.dev/provenance/v1"
	TypeSLSA02         = "https://slsa.dev/provenance/v0.2"
	TypeVuln           = "https://cosign.sigstore.dev/attestation/vuln/v1"
)

// Type is one row of the catalog: a schema of predicates.
type Type struct {
	// Name is the short name that --type takes.
	Name string `json:"name"`
	// URI is the predicate type that is written.
	URI string `json:"uri"`
	// Spellings are further URIs under which others write it, each with a version of the
	// schema.
	Spellings []string `json:"spellings,omitempty"`
	// Kind says for people what the predicate is.
	Kind string `json:"kind"`
}

// Types returns the catalog, in the order of the manual. Versions of one
// schema whose documents say their version themselves are spellings; versions
// that mean different schemas are rows of their own.
func Types() []Type {
	return []Type{
		{"cyclonedx", TypeCycloneDX, []string{
			"https://cyclonedx.org/bom/v1.4", "https://cyclonedx.org/bom/v1.5",
			"https://cyclonedx.org/bom/v1.6", "https://cyclonedx.org/bom/v1.7",
		}, "CycloneDX SBOM or VEX"},
		{"spdx", TypeSPDX, []string{
			"https://spdx.dev/Document/v2.2", "https://spdx.dev/Document/v2.3", "https://spdx.dev/Document/v3",
		}, "SPDX SBOM"},
		{"syft", TypeSyft, nil, "Syft SBOM"},
		{"sbom", TypeSBOM, nil, "SBOM attested by digest"},
		{"report", TypeReport, nil, "scan report or verdict with its decision"},
		{"verdict", TypeVerdict, nil, "policy verdict receipt"},
		{"policy-decision", TypePolicyDecision, nil, "policy decision on one finding"},
		{"vulns", TypeVulns, nil, "scan result, in-toto"},
		{"vuln", TypeVuln, nil, "scan result, cosign"},
		{"openvex", TypeOpenVEX, []string{"https://openvex.dev/ns/v0.2.0"}, "OpenVEX document"},
		{"vex", TypeVEX, nil, "VEX document without a type of its own"},
		{"vex-decision", TypeVEXDecision, nil, "VEX decision"},
		{"graph", TypeGraph, nil, "reachability graph"},
		{"policy", TypePolicy, nil, "policy evaluation"},
		{"evidence", TypeEvidence, nil, "evidence bundle"},
		{"replay", TypeReplay, nil, "replay manifest"},
		{"promotion", TypePromotion, nil, "promotion of an image"},
		{"offline-kit", TypeOfflineKit, nil, "offline kit"},
		{"key-rotation", TypeKeyRotation, nil, "rotation of a key"},
		{"key-revocation", TypeKeyRevocation, nil, "revocation of a key"},
		{"slsaprovenance1", TypeSLSA1, nil, "build provenance, SLSA v1"},
		{"slsaprovenance", TypeSLSA02, nil, "build provenance, SLSA v0.2"},
	}
}

// maxTypeSize bounds a predicate type that is written, in bytes.
const maxTypeSize = 2 << 10

// Lookup returns the row that a short name or URI names. A URI that is not in
// the catalog is a type of its own; anything else is an error that names the
// nearest short name.
func Lookup(nameOrURI string) (Type, error) {
	for _, t := range Types() {
		if nameOrURI == t.Name || nameOrURI == t.URI || slices.Contains(t.Spellings, nameOrURI) {
			return t, nil
		}
	}
	if err := checkURI(nameOrURI); err != nil {
		return Type{}, err
	}
	return Type{URI: nameOrURI, Kind: "not in the catalog"}, nil
}

// Resolve returns the predicate type that a user asks for, to write or to demand: of a
// short name the URI that is written, and a URI as it is, with its version. The error
// is that of [Lookup].
func Resolve(nameOrURI string) (string, error) {
	t, err := Lookup(nameOrURI)
	if err != nil || nameOrURI != t.Name {
		return nameOrURI, err
	}
	return t.URI, nil
}

// checkURI holds a type that is not in the catalog to what a TypeURI must be
// (in-toto attestation framework, spec/v1/field_types.md): it needs a
// separator, so that a misspelt short name is not taken for one.
func checkURI(s string) error {
	if !strings.ContainsAny(s, ":/") {
		names := make([]string, 0, len(Types()))
		for _, t := range Types() {
			names = append(names, t.Name)
		}
		return fault.New(fault.UsageInvalid, "unknown predicate type %q", s).
			WithHint("give a URI or one of: %s", strings.Join(names, ", "))
	}
	bad := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("<>\"{}|\\^`", r) }
	if len(s) > maxTypeSize || strings.ContainsFunc(s, bad) {
		return fault.New(fault.UsageInvalid, "predicate type %q is not a URI", s)
	}
	return nil
}

// Matches reports whether a predicate whose statement says the type actual is what
// a user's demand for demanded, a short name or URI, asks for: the same schema, as
// [Spellings] says.
func Matches(demanded, actual string) bool {
	uri, err := Resolve(demanded)
	return err == nil && slices.Contains(Spellings(uri), actual)
}

// Spellings returns all URIs that may name the schema of a URI, the one that is written
// first. That one says no version, so it goes with every version; a URI that says one goes
// with itself and with that one, and never with another version. One that is not in the
// catalog has itself alone, and so has a short name: that is for what users type, and a
// signed statement that says it instead of a URI is of no type in the catalog.
func Spellings(uri string) []string {
	for _, t := range Types() {
		switch {
		case uri == t.URI:
			return append([]string{t.URI}, t.Spellings...)
		case slices.Contains(t.Spellings, uri):
			return []string{t.URI, uri}
		}
	}
	return []string{uri}
}
