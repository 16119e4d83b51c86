package predicate

import (
	"embed"
	"maps"
	"slices"
)

//go:embed schema/*.json
var schemas embed.FS

// schemaNames has the file of each schema, without its end.
func schemaNames() map[string]string {
	return map[string]string{
		TypeSBOM: "sbom", TypeReport: "report", TypeVEX: "vex", TypePromotion: "promotion",
		TypeKeyRotation: "keyRotation", TypeKeyRevocation: "keyRevocation", TypeOfflineKit: "offlineKit",
		TypeVEXDecision: "vexDecision", TypeGraph: "graph", TypePolicy: "policy", TypeEvidence: "evidence", TypeReplay: "replay",
		TypeVerdict: "verdict", TypePolicyDecision: "policyDecision", TypeSLSA1: "provenance", TypeSLSA02: "provenance02",
		TypeCycloneDX: "cyclonedx", TypeSPDX: "spdx", TypeSyft: "syft", TypeOpenVEX: "openvex", TypeVulns: "vulns", TypeVuln: "vuln",
	}
}

// Described returns the types that have a schema here, sorted.
func Described() []string { return slices.Sorted(maps.Keys(schemaNames())) }

// SchemaName returns the name under which schema and example of a type are kept,
// such as "report"; "" for a type that has none.
func SchemaName(predicateType string) string { return schemaNames()[predicateType] }

// Schema returns the JSON Schema (draft 2020-12) of a predicate type, or nil for a
// type that has none here.
func Schema(predicateType string) []byte {
	b, err := schemas.ReadFile("schema/" + SchemaName(predicateType) + ".v1.json")
	if err != nil {
		return nil
	}
	return b
}
