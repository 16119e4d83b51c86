package predicate

// cosignVuln is told by the three objects that its predicate requires
// (cosign specs/COSIGN_VULN_ATTESTATION_SPEC.md).
func cosignVuln() format {
	return format{
		wants: []want{has("/invocation"), object("/scanner"), has("/metadata"), text("/scanner/uri"), text("/scanner/version"), count("/scanner/result"), has("/scanner/result")},
		match: func(f *facts) (*Document, error) {
			result := f.object("/scanner/result") || f.array("/scanner/result")
			if !f.object("/invocation") || !f.object("/metadata") || !result {
				return nil, nil
			}
			return rawScan("cosign vulnerability predicate", TypeVuln, f), nil
		},
	}
}

// intotoVulns is told by the scanner's result and the scan's metadata
// (in-toto attestation framework, spec/predicates/vuln.md).
func intotoVulns() format {
	return format{
		wants: []want{object("/scanner"), has("/metadata"), text("/scanner/uri"), text("/scanner/version"), count("/scanner/result")},
		match: func(f *facts) (*Document, error) {
			if f.top("invocation") || !f.object("/metadata") || !f.array("/scanner/result") {
				return nil, nil
			}
			return rawScan("in-toto vulnerability predicate", TypeVulns, f), nil
		},
	}
}

func rawScan(name, typ string, f *facts) *Document {
	return &Document{
		Kind: KindReport, Format: name, ID: "vuln", MediaType: "application/json", Encoding: JSON,
		Count: f.items("/scanner/result"), CountOf: "results",
		Scanner: Scanner{Name: f.text("/scanner/uri"), Version: f.text("/scanner/version")},
		name:    "report.vuln.json", typ: typ,
	}
}
