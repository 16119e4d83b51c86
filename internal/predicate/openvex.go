package predicate

import "strings"

// openVEX is told by its JSON-LD context, which carries the version
// (OpenVEX specification 0.2.0, "The Document Struct").
func openVEX() format {
	return format{
		wants: []want{text("/@context"), count("/statements")},
		match: func(f *facts) (*Document, error) {
			rest, ok := strings.CutPrefix(f.text("/@context"), TypeOpenVEX)
			if !ok {
				return nil, nil
			}
			d := &Document{
				Kind: KindVEX | KindReport, Format: "OpenVEX", ID: "openvex", Version: strings.TrimPrefix(rest, "/v"),
				MediaType: "application/json", Encoding: JSON,
				Count: f.items("/statements"), CountOf: "statements", name: "vex.openvex.json", typ: TypeOpenVEX,
			}
			return d, checkVersion("OpenVEX", d.Version, "0.2.0")
		},
	}
}
