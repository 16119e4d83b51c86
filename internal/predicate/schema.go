package predicate

import "embed"

//go:embed schema/*.json
var schemas embed.FS

// Schema returns the JSON Schema (draft 2020-12) of one of stella's own
// predicate types, or nil for a type that has none here.
func Schema(predicateType string) []byte {
	name := map[string]string{
		TypeSBOM: "sbom", TypeReport: "report", TypeVEX: "vex",
		TypeKeyRotation: "keyRotation", TypeKeyRevocation: "keyRevocation", TypeOfflineKit: "offlineKit",
	}[predicateType]
	b, err := schemas.ReadFile("schema/" + name + ".v1.json")
	if err != nil {
		return nil
	}
	return b
}
