package predicate

import "strings"

// syft is told by the descriptor that names the program, or by the address of
// its schema. The schema's version moves with every release of Syft, and
// nothing that stella reads has changed with it, so any version is read.
func syft() format {
	return format{
		wants: []want{
			count("/artifacts"), object("/descriptor"), text("/descriptor/name"), text("/descriptor/version"),
			object("/schema"), text("/schema/version"), text("/schema/url"),
		},
		match: func(f *facts) (*Document, error) {
			named := f.text("/descriptor/name") == "syft" || strings.Contains(f.text("/schema/url"), "anchore/syft")
			if !named || !f.array("/artifacts") {
				return nil, nil
			}
			return &Document{
				Kind: KindSBOM, Format: "Syft", ID: "syft", Version: f.text("/schema/version"),
				MediaType: "application/vnd.syft+json", Encoding: JSON,
				Count: f.items("/artifacts"), CountOf: "artifacts", name: "sbom.syft.json", typ: TypeSyft,
			}, nil
		},
	}
}
