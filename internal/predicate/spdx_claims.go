package predicate

import (
	"encoding/json/v2"
	"io"
	"strings"

	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// described is the set of element ids that a document says it describes.
type described map[string]bool

func (d described) add(id string) error {
	if d[id] = true; len(d) > intoto.MaxSubjects {
		return tooManySubjects(len(d))
	}
	return nil
}

// spdxDocument is the id that every SPDX 2 document has (SPDX 2.3, section
// 6.3).
const spdxDocument = "SPDXRef-DOCUMENT"

// relate adds what a relationship says the document describes (SPDX 2.3,
// section 11.1).
func (d described) relate(from, kind, to string) error {
	switch {
	case from == spdxDocument && kind == "DESCRIBES":
		return d.add(to)
	case to == spdxDocument && kind == "DESCRIBED_BY":
		return d.add(from)
	}
	return nil
}

type spdxChecksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

// spdx2Claims reads the ids first and the elements after them: their order in
// the document is free.
func spdx2Claims(p *passes, claim func(intoto.Subject) error) error {
	ids, err := spdx2Described(p)
	if err != nil || len(ids) == 0 {
		return err
	}
	member := map[string]canonical.Action{
		"SPDXID": canonical.Text, "name": canonical.Text, "fileName": canonical.Text, "checksums": canonical.Raw,
	}
	return p.scan(&records{
		members: map[string]map[string]canonical.Action{"packages": member, "files": member},
		each: func(_ string, r *record) error {
			if !ids[r.texts["SPDXID"]] || r.raws["checksums"] == nil {
				return nil
			}
			var sums []spdxChecksum
			if err := json.Unmarshal(r.raws["checksums"], &sums); err != nil {
				return malformedClaims(err)
			}
			digests := digestSet{}
			for _, s := range sums {
				if err := digests.add(s.Algorithm, s.Value); err != nil {
					return err
				}
			}
			return digests.claim(r.texts["name"]+r.texts["fileName"], claim)
		},
	})
}

func spdx2Described(p *passes) (described, error) {
	ids := described{}
	err := p.scan(&records{
		members: map[string]map[string]canonical.Action{
			"documentDescribes": {"": canonical.Text},
			"relationships": {
				"spdxElementId": canonical.Text, "relationshipType": canonical.Text, "relatedSpdxElement": canonical.Text,
			},
		},
		each: func(array string, r *record) error {
			if id, ok := r.texts[""]; ok && array == "documentDescribes" {
				return ids.add(id)
			}
			return ids.relate(r.texts["spdxElementId"], r.texts["relationshipType"], r.texts["relatedSpdxElement"])
		},
	})
	return ids, err
}

// tagValueClaims does the same with tag-value text.
func tagValueClaims(p *passes, claim func(intoto.Subject) error) error {
	ids := described{}
	err := p.over(func(r io.Reader) error {
		return walkTags(r, func(tag, value string) error {
			if part := strings.Fields(value); tag == "Relationship" && len(part) == 3 {
				return ids.relate(part[0], part[1], part[2])
			}
			return nil
		})
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	e := tagElement{ids: ids, claim: claim}
	return p.over(func(r io.Reader) error {
		if err := walkTags(r, e.tag); err != nil {
			return err
		}
		return e.end()
	})
}

// tagElement is the package or file that the lines are about. What matters of
// it is known at its end.
type tagElement struct {
	ids    described
	claim  func(intoto.Subject) error
	name   string
	id     string
	digest []string // as written: "SHA256: …"
}

// maxChecksums bounds the checksums of one element. SPDX knows 17 algorithms.
const maxChecksums = 64

func (e *tagElement) tag(tag, value string) error {
	switch tag {
	case "PackageName", "FileName", "SnippetSPDXID":
		err := e.end()
		e.name, e.id, e.digest = value, "", nil
		return err
	case "SPDXID":
		e.id = value
	case "PackageChecksum", "FileChecksum":
		if len(e.digest) < maxChecksums {
			e.digest = append(e.digest, value)
		}
	}
	return nil
}

func (e *tagElement) end() error {
	if !e.ids[e.id] {
		return nil
	}
	digests := digestSet{}
	for _, d := range e.digest {
		algorithm, sum, _ := strings.Cut(d, ":")
		if err := digests.add(algorithm, sum); err != nil {
			return err
		}
	}
	return digests.claim(e.name, e.claim)
}
