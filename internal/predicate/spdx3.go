package predicate

import (
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// spdx3 is told by its JSON-LD context, https://spdx.org/rdf/3.0.1/…, and the
// graph beside it (SPDX 3.0.1, "Serialization").
func spdx3() format {
	return format{
		wants: []want{
			text("/@context"), list("/@context"), text("/@context/*"),
			list("/@graph"), object("/@graph/*"), text("/@graph/*/type"),
		},
		match: func(f *facts) (*Document, error) {
			version := spdx3Version(append(f.texts("/@context"), f.texts("/@context/*")...))
			if version == "" || !f.array("/@graph") {
				return nil, nil
			}
			d := &Document{
				Kind: KindSBOM, Format: "SPDX", ID: "spdx", Version: version,
				MediaType: "application/spdx+json", Encoding: JSON,
				Count: f.times("/@graph/*/type", "software_Package"), CountOf: "packages", name: "sbom.spdx3.json", typ: TypeSPDX,
			}
			if err := checkSPDX(version, spdx3Versions()); err != nil {
				return nil, err
			}
			if f.times("/@graph/*/type", "SpdxDocument") == 0 {
				return nil, fault.New(fault.InputUnrecognized, "it is an SPDX 3 graph without an SpdxDocument")
			}
			return d, nil
		},
	}
}

// spdx3Version returns the version in the address of the context, such as
// https://spdx.org/rdf/3.0.1/spdx-context.jsonld.
func spdx3Version(contexts []string) string {
	for _, c := range contexts {
		if rest, ok := strings.CutPrefix(c, "https://spdx.org/rdf/"); ok {
			version, _, _ := strings.Cut(rest, "/")
			return version
		}
	}
	return ""
}
