package predicate

// trivy is told by SchemaVersion beside the artifact's name; there is no
// Results member when nothing was found.
func trivy() format {
	return format{
		wants: []want{
			number("/SchemaVersion"), text("/ArtifactName"), object("/Trivy"), text("/Trivy/Version"),
			list("/Results"), object("/Results/*"), count("/Results/*/Vulnerabilities"),
			count("/Results/*/Misconfigurations"), count("/Results/*/Secrets"), count("/Results/*/Licenses"),
		},
		match: func(f *facts) (*Document, error) {
			version := f.number("/SchemaVersion")
			if version == "" || !f.top("ArtifactName") {
				return nil, nil
			}
			findings := f.items("/Results/*/Vulnerabilities") + f.items("/Results/*/Misconfigurations") +
				f.items("/Results/*/Secrets") + f.items("/Results/*/Licenses")
			d := &Document{
				Kind: KindReport, Format: "Trivy", ID: "trivy", Version: version,
				MediaType: "application/json", Encoding: JSON, Count: findings, CountOf: "findings",
				Scanner: Scanner{Name: "trivy", Version: f.text("/Trivy/Version")}, name: "report.trivy.json",
			}
			return d, checkVersion("Trivy report", version, "2")
		},
	}
}
