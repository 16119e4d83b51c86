package predicate

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// Bounds on an XML document.
const (
	maxXMLDepth = 256
	// maxXMLToken bounds one token, in bytes: the decoder holds it in memory.
	maxXMLToken = 16 << 20
)

const cycloneDXNamespace = "http://cyclonedx.org/schema/bom/"

// recognizeXML reads a CycloneDX document in XML: the root is bom in the
// namespace of a version. A document type declaration is refused: no format
// here has one, and entities are a way to say two things at once.
func recognizeXML(r io.Reader) (*Document, error) {
	w := newXMLWalk(r)
	var root xml.Name
	components, vulnerabilities, analysed := 0, 0, 0
	err := w.walk(func(path []xml.Name) error {
		switch {
		case len(path) == 1:
			root = path[0]
			return checkXMLRoot(root)
		case matchXML(path, "bom", "components", "component"):
			components++
		case matchXML(path, "bom", "vulnerabilities", "vulnerability"):
			vulnerabilities++
		case matchXML(path, "bom", "vulnerabilities", "vulnerability", "analysis"):
			analysed++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d := &Document{
		Format: "CycloneDX", ID: "cyclonedx", Version: strings.TrimPrefix(root.Space, cycloneDXNamespace),
		MediaType: "application/vnd.cyclonedx+xml", Encoding: XML,
		Count: components, CountOf: "components", name: "sbom.cdx.xml",
	}
	d.Kind = cycloneDXKind(components, vulnerabilities > 0, vulnerabilities, analysed)
	if !d.Kind.Is(KindSBOM) {
		d.Count, d.CountOf, d.name = vulnerabilities, "vulnerabilities", "vex.cdx.xml"
	}
	return d, checkVersion("CycloneDX", d.Version, cycloneDXVersions()...)
}

func checkXMLRoot(root xml.Name) error {
	switch {
	case root.Local == "bom" && strings.HasPrefix(root.Space, cycloneDXNamespace):
		version := strings.TrimPrefix(root.Space, cycloneDXNamespace)
		return checkVersion("CycloneDX", version, cycloneDXVersions()...)
	case strings.EqualFold(root.Local, "html"):
		return unrecognized("HTML")
	case root.Local == "RDF":
		return unrecognized("an RDF document").WithHint("stella reads SPDX in JSON and tag-value form: convert it first")
	case root.Space != "":
		return unrecognized("an XML document with the root <" + root.Local + "> of " + root.Space)
	}
	return unrecognized("an XML document with the root <" + root.Local + ">")
}

// matchXML compares local names, below a root whose namespace was checked:
// other namespaces inside are extensions.
func matchXML(path []xml.Name, names ...string) bool {
	if len(path) != len(names) {
		return false
	}
	for i, n := range path {
		if n.Local != names[i] || n.Space != path[0].Space {
			return false
		}
	}
	return true
}

// xmlWalk reads an XML document token by token.
type xmlWalk struct {
	dec     *xml.Decoder
	in      *tokenLimit
	start   xml.StartElement // the element that is visited
	decoded bool             // it was read to its end
}

// decode reads the visited element to its end into v. All of it is at most one
// token's limit.
func (w *xmlWalk) decode(v any) error {
	w.decoded = true
	return w.dec.DecodeElement(v, &w.start)
}

func newXMLWalk(r io.Reader) *xmlWalk {
	in := &tokenLimit{r: r}
	dec := xml.NewDecoder(in)
	dec.Strict = true
	return &xmlWalk{dec: dec, in: in}
}

// tokenLimit is a reader that fails when one token takes too much of it.
type tokenLimit struct {
	r    io.Reader
	left int64
	err  error // what r said, but io.EOF, or that the limit is reached
}

func (t *tokenLimit) Read(p []byte) (int, error) {
	if t.left <= 0 {
		t.err = fault.New(fault.InputTooLarge, "one XML token is larger than the limit of %d bytes", maxXMLToken)
		return 0, t.err
	}
	n, err := t.r.Read(p)
	t.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		t.err = err
	}
	return n, err
}

// walk calls element with the path of each element at its start. What element
// decodes is not visited further.
func (w *xmlWalk) walk(element func(path []xml.Name) error) error {
	var path []xml.Name
	roots := 0
	for {
		w.in.left = maxXMLToken
		token, err := w.dec.Token()
		if err != nil {
			return w.end(err, roots)
		}
		switch t := token.(type) {
		case xml.Directive:
			return refuseDirective(t)
		case xml.StartElement:
			if len(path) == 0 {
				roots++
			}
			if path = append(path, t.Name); len(path) > maxXMLDepth {
				return fault.New(fault.InputMalformed, "XML is nested deeper than %d", maxXMLDepth)
			}
			if roots > 1 {
				return fault.New(fault.InputMalformed, "XML has a second root, <%s>", t.Name.Local)
			}
			w.start, w.decoded = t, false
			if err := element(path); err != nil {
				return w.end(err, roots)
			}
			if w.decoded {
				path = path[:len(path)-1]
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}

func refuseDirective(d xml.Directive) error {
	if words := strings.Fields(string(d[:min(len(d), headSize)])); len(words) > 1 && strings.EqualFold(words[1], "html") {
		return unrecognized("HTML")
	}
	return fault.New(fault.InputMalformed, "it has a document type declaration, which is not read").
		WithHint("remove the <!DOCTYPE …>")
}

// end gives the error that ended the walk its reason.
func (w *xmlWalk) end(err error, roots int) error {
	switch {
	case w.in.err != nil:
		return w.in.err
	case errors.Is(err, io.EOF) && roots == 1:
		return nil
	case errors.Is(err, io.EOF):
		return fault.New(fault.InputMalformed, "XML has no root element")
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if strings.Contains(err.Error(), "CharsetReader") {
		return fault.New(fault.InputEncoding, "XML declares an encoding other than UTF-8").
			WithHint("convert it first: iconv -f ENCODING -t UTF-8 FILE, and change its declaration")
	}
	return fault.Wrap(fault.InputMalformed, err, "malformed XML")
}
