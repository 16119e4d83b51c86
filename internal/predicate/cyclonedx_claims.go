package predicate

import (
	"encoding/json/v2"
	"encoding/xml"
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// cdxComponent is metadata.component, in JSON and XML.
type cdxComponent struct {
	Group   string    `json:"group"   xml:"group"`
	Name    string    `json:"name"    xml:"name"`
	Version string    `json:"version" xml:"version"`
	PURL    string    `json:"purl"    xml:"purl"`
	Hashes  []cdxHash `json:"hashes"  xml:"hashes>hash"`
}

type cdxHash struct {
	Algorithm string `json:"alg"     xml:"alg,attr"`
	Content   string `json:"content" xml:",chardata"`
}

func (c *cdxComponent) claim(claim func(intoto.Subject) error) error {
	digests := digestSet{}
	for _, h := range c.Hashes {
		if err := digests.add(h.Algorithm, h.Content); err != nil {
			return err
		}
	}
	if err := digests.addPURL(c.PURL); err != nil {
		return err
	}
	if err := digests.addReference(c.Version); err != nil {
		return err
	}
	return digests.claim(c.label(), claim)
}

func (c *cdxComponent) label() string {
	switch {
	case c.PURL != "":
		return c.PURL
	case c.Group != "":
		return c.Group + "/" + c.Name
	}
	return c.Name
}

// componentVisitor takes metadata.component out of a document.
type componentVisitor struct{ raw []byte }

func (*componentVisitor) Visit(path []byte, _ canonical.Kind) canonical.Action {
	switch string(path) {
	case "", "/metadata":
		return canonical.Enter
	case "/metadata/component":
		return canonical.Raw
	}
	return canonical.Skip
}

func (c *componentVisitor) Value(path []byte, v canonical.Value) error {
	if string(path) == "/metadata/component" {
		c.raw = v.Data
	}
	return nil
}

func cycloneDXClaims(p *passes, claim func(intoto.Subject) error) error {
	found := &componentVisitor{}
	if err := p.scan(found); err != nil || found.raw == nil {
		return err
	}
	var c cdxComponent
	if err := json.Unmarshal(found.raw, &c); err != nil {
		return malformedClaims(err)
	}
	return c.claim(claim)
}

func malformedClaims(err error) error {
	return fault.Wrap(fault.InputMalformed, err, "what it says it describes is not as its format demands")
}

func cycloneDXXMLClaims(p *passes, claim func(intoto.Subject) error) error {
	return p.over(func(r io.Reader) error {
		w := newXMLWalk(r)
		return w.walk(func(path []xml.Name) error {
			if !matchXML(path, "bom", "metadata", "component") {
				return nil
			}
			var c cdxComponent
			if err := w.decode(&c); err != nil {
				return err
			}
			return c.claim(claim)
		})
	})
}
