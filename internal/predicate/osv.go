package predicate

// osv is told by results whose elements have a source and packages: the output
// of osv-scanner, which names neither itself nor a version.
func osv() format {
	return format{
		wants: []want{
			list("/results"), object("/results/*"), has("/results/*/source"), list("/results/*/packages"),
			object("/results/*/packages/*"), count("/results/*/packages/*/vulnerabilities"),
		},
		match: func(f *facts) (*Document, error) {
			results := f.items("/results")
			listed := f.count("/results/*/source") == results && f.arrays("/results/*/packages") == results
			empty := results == 0 && f.top("experimental_config")
			if !f.array("/results") || f.top("version") || !empty && (results == 0 || !listed) {
				return nil, nil
			}
			return &Document{
				Kind: KindReport, Format: "OSV", ID: "osv", MediaType: "application/json", Encoding: JSON,
				Count: f.items("/results/*/packages/*/vulnerabilities"), CountOf: "vulnerabilities",
				name: "report.osv.json",
			}, nil
		},
	}
}
