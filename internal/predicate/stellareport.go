package predicate

// stellaReport is told by the report object, which says format and digest of
// what it reports on: a stella.ops/report@v1 predicate as a file of its own.
func stellaReport() format {
	return format{
		wants: []want{
			text("/decision"), object("/report"), text("/report/format"), has("/report/digest"),
			object("/scanner"), text("/scanner/name"), text("/scanner/version"),
		},
		match: func(f *facts) (*Document, error) {
			if f.text("/report/format") == "" || !f.object("/report/digest") {
				return nil, nil
			}
			return &Document{
				Kind: KindReport, Format: "stella report", ID: "stella-report", Version: "1",
				MediaType: "application/json", Encoding: JSON, Count: 1, CountOf: "reports",
				Scanner: Scanner{Name: f.text("/scanner/name"), Version: f.text("/scanner/version")},
				name:    "report.stella.json", typ: TypeReport, decision: f.text("/decision"),
			}, nil
		},
	}
}
