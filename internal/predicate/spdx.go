package predicate

import (
	"slices"
	"strings"
)

// The versions of SPDX that are read: ISO/IEC 5962 and its successors.
func spdx2Versions() []string { return []string{"2.2", "2.3"} }
func spdx3Versions() []string { return []string{"3.0.0", "3.0.1"} }

// checkSPDX refuses a version that is not read in the form that it came in.
func checkSPDX(version string, read []string) error {
	if slices.Contains(read, version) {
		return nil
	}
	return unsupported("SPDX", version, append(spdx2Versions(), spdx3Versions()...)...)
}

// spdx2 is told by spdxVersion (SPDX 2.3, section 6.1).
func spdx2() format {
	return format{
		wants: []want{text("/spdxVersion"), text("/SPDXID"), count("/packages")},
		match: func(f *facts) (*Document, error) {
			version, ok := strings.CutPrefix(f.text("/spdxVersion"), "SPDX-")
			if !ok {
				return nil, nil
			}
			d := &Document{
				Kind: KindSBOM, Format: "SPDX", ID: "spdx", Version: version,
				MediaType: "application/spdx+json", Encoding: JSON,
				Count: f.items("/packages"), CountOf: "packages", name: "sbom.spdx.json", typ: TypeSPDX,
			}
			return d, checkSPDX(version, spdx2Versions())
		},
	}
}
