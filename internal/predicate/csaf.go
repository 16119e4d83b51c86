package predicate

// csaf is told by the version in its document object (CSAF 2.0, section
// 3.2.1.4).
func csaf() format {
	return format{
		wants: []want{object("/document"), text("/document/csaf_version"), list("/vulnerabilities")},
		match: func(f *facts) (*Document, error) {
			version := f.text("/document/csaf_version")
			if version == "" {
				return nil, nil
			}
			d := &Document{
				Kind: KindVEX | KindReport, Format: "CSAF", ID: "csaf", Version: version,
				MediaType: "application/json", Encoding: JSON,
				Count: f.items("/vulnerabilities"), CountOf: "vulnerabilities", name: "vex.csaf.json",
			}
			return d, checkVersion("CSAF", version, "2.0", "2.1")
		},
	}
}
