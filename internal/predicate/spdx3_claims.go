package predicate

import (
	"encoding/json/v2"

	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

type spdx3Hash struct {
	Type      string `json:"type"`
	Algorithm string `json:"algorithm"`
	Value     string `json:"hashValue"`
}

// spdx3Roots is the graph around the document: who has which root elements,
// by membership or by a describes relationship (SPDX 3.0.1, Core,
// "ElementCollection" and "RelationshipType").
type spdx3Roots struct {
	documents []string
	roots     map[string][]string
	total     int
}

func (g *spdx3Roots) add(from string, to []string) error {
	g.roots[from] = append(g.roots[from], to...)
	if g.total += 1 + len(to); g.total > intoto.MaxSubjects {
		return tooManySubjects(g.total)
	}
	return nil
}

// described follows the roots from the documents on.
func (g *spdx3Roots) described() described {
	ids := described{}
	todo := g.documents
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		for _, to := range g.roots[id] {
			if !ids[to] {
				ids[to] = true
				todo = append(todo, to)
			}
		}
	}
	return ids
}

func spdx3Claims(p *passes, claim func(intoto.Subject) error) error {
	g := spdx3Roots{roots: make(map[string][]string)}
	err := p.scan(&records{
		members: map[string]map[string]canonical.Action{"@graph": {
			"spdxId": canonical.Text, "type": canonical.Text, "rootElement": canonical.Enter,
			"relationshipType": canonical.Text, "from": canonical.Text, "to": canonical.Enter,
		}},
		each: func(_ string, r *record) error {
			switch {
			case r.texts["type"] == "SpdxDocument":
				g.documents = append(g.documents, r.texts["spdxId"])
				return g.add(r.texts["spdxId"], r.lists["rootElement"])
			case len(r.lists["rootElement"]) > 0:
				return g.add(r.texts["spdxId"], r.lists["rootElement"])
			case r.texts["relationshipType"] == "describes":
				return g.add(r.texts["from"], r.lists["to"])
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	return spdx3Elements(p, g.described(), claim)
}

func spdx3Elements(p *passes, ids described, claim func(intoto.Subject) error) error {
	if len(ids) == 0 {
		return nil
	}
	return p.scan(&records{
		members: map[string]map[string]canonical.Action{"@graph": {
			"spdxId": canonical.Text, "name": canonical.Text, "verifiedUsing": canonical.Raw,
		}},
		each: func(_ string, r *record) error {
			if !ids[r.texts["spdxId"]] || r.raws["verifiedUsing"] == nil {
				return nil
			}
			var sums []spdx3Hash
			if err := json.Unmarshal(r.raws["verifiedUsing"], &sums); err != nil {
				return malformedClaims(err)
			}
			digests := digestSet{}
			for _, s := range sums {
				if s.Type != "Hash" {
					continue // such as a PackageVerificationCode, which no file has
				}
				if err := digests.add(s.Algorithm, s.Value); err != nil {
					return err
				}
			}
			return digests.claim(r.texts["name"], claim)
		},
	})
}
