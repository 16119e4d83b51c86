package predicate

// grype is told by its matches and the descriptor that names the program. Its
// documents have no version of their own.
func grype() format {
	return format{
		wants: []want{count("/matches"), object("/descriptor"), text("/descriptor/name"), text("/descriptor/version")},
		match: func(f *facts) (*Document, error) {
			if !f.array("/matches") || f.text("/descriptor/name") != "grype" {
				return nil, nil
			}
			return &Document{
				Kind: KindReport, Format: "Grype", ID: "grype",
				MediaType: "application/json", Encoding: JSON,
				Count: f.items("/matches"), CountOf: "matches",
				Scanner: Scanner{Name: "grype", Version: f.text("/descriptor/version")}, name: "report.grype.json",
			}, nil
		},
	}
}
