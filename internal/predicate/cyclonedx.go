package predicate

// cycloneDXVersions are the versions of ECMA-424 and its forerunners that are
// read. Their JSON form begins with 1.2.
func cycloneDXVersions() []string { return []string{"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"} }

// cycloneDX is told by bomFormat, which is required to be "CycloneDX"; the
// serial number is not required. It is a VEX if a vulnerability is analysed, a
// report if it lists vulnerabilities at all, and an SBOM unless it lists
// vulnerabilities and no components.
func cycloneDX() format {
	return format{
		wants: []want{
			text("/bomFormat"), text("/specVersion"), count("/components"),
			list("/vulnerabilities"), object("/vulnerabilities/*"), has("/vulnerabilities/*/analysis"),
			object("/metadata"), list("/metadata/tools"), object("/metadata/tools/*"),
			text("/metadata/tools/*/name"), text("/metadata/tools/*/version"),
			object("/metadata/tools"), list("/metadata/tools/components"), object("/metadata/tools/components/*"),
			text("/metadata/tools/components/*/name"), text("/metadata/tools/components/*/version"),
		},
		match: func(f *facts) (*Document, error) {
			if f.text("/bomFormat") != "CycloneDX" {
				return nil, nil
			}
			d := &Document{
				Format: "CycloneDX", ID: "cyclonedx", Version: f.text("/specVersion"),
				MediaType: "application/vnd.cyclonedx+json", Encoding: JSON,
				Count: f.items("/components"), CountOf: "components",
				Scanner: onlyTool(
					append(f.texts("/metadata/tools/*/name"), f.texts("/metadata/tools/components/*/name")...),
					append(f.texts("/metadata/tools/*/version"), f.texts("/metadata/tools/components/*/version")...)),
				name: "sbom.cdx.json", typ: TypeCycloneDX,
			}
			d.Kind = cycloneDXKind(d.Count, f.array("/vulnerabilities"), f.items("/vulnerabilities"), f.count("/vulnerabilities/*/analysis"))
			if !d.Kind.Is(KindSBOM) {
				d.Count, d.CountOf, d.name = f.items("/vulnerabilities"), "vulnerabilities", "vex.cdx.json"
			}
			return d, checkVersion("CycloneDX", d.Version, cycloneDXVersions()...)
		},
	}
}

func cycloneDXKind(components int, listed bool, vulnerabilities, analysed int) Kind {
	kind := KindSBOM
	if components == 0 && vulnerabilities > 0 {
		kind = 0
	}
	if listed {
		kind |= KindReport
	}
	if analysed > 0 {
		kind |= KindVEX
	}
	return kind
}
