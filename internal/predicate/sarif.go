package predicate

// sarif is told by its runs and version (SARIF 2.1.0, section 3.13); other
// formats have a version, but no runs with a tool.
func sarif() format {
	return format{
		wants: []want{
			text("/version"), text("/$schema"), list("/runs"), object("/runs/*"), count("/runs/*/results"),
			object("/runs/*/tool"), object("/runs/*/tool/driver"), text("/runs/*/tool/driver/name"),
			text("/runs/*/tool/driver/version"), text("/runs/*/tool/driver/semanticVersion"),
		},
		match: func(f *facts) (*Document, error) {
			if !f.array("/runs") || f.text("/version") == "" || f.items("/runs") != f.count("/runs/*/tool/driver") {
				return nil, nil
			}
			versions := f.texts("/runs/*/tool/driver/version")
			if len(versions) == 0 {
				versions = f.texts("/runs/*/tool/driver/semanticVersion")
			}
			d := &Document{
				Kind: KindReport, Format: "SARIF", ID: "sarif", Version: f.text("/version"),
				MediaType: "application/sarif+json", Encoding: JSON,
				Count: f.items("/runs/*/results"), CountOf: "results",
				Scanner: onlyTool(f.texts("/runs/*/tool/driver/name"), versions),
				name:    "report.sarif.json",
			}
			return d, checkVersion("SARIF", d.Version, "2.1.0")
		},
	}
}
