// Package predicate is a thin first form of the catalog.
package predicate

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

const MaxBundleSubjects = 1024

type Document struct {
	Format, Version string
	Count           int
	SHA256          [32]byte
	Size            int64
}

func (d *Document) SHA256Hex() string { return hex.EncodeToString(d.SHA256[:]) }

type Draft struct {
	Message       dsse.Message
	PredicateType string
	Subjects      []intoto.Subject
	Document      *Document
	Notes         []string
}

type Options struct {
	Name     string
	Subjects []intoto.Subject
	Preserve bool
}

type visitor struct {
	keys map[string]string
	n    int
}

func (v *visitor) Visit(path []byte, kind canonical.Kind) canonical.Action {
	switch string(path) {
	case "":
		return canonical.Enter
	case "/bomFormat", "/specVersion", "/spdxVersion":
		return canonical.Text
	case "/components", "/packages":
		return canonical.Count
	}
	return canonical.Skip
}

func (v *visitor) Value(path []byte, val canonical.Value) error {
	if val.Data != nil {
		v.keys[string(path)] = string(val.Data)
	} else if val.Kind == canonical.Array {
		v.n = val.Count
	}
	return nil
}

func Recognize(f *input.File) (*Document, error) {
	v := &visitor{keys: map[string]string{}}
	h := sha256.New()
	size, err := canonical.Scan(io.TeeReader(f.Reader(), h), v)
	if err != nil {
		return nil, err
	}
	d := &Document{Count: v.n, Size: size, SHA256: [32]byte(h.Sum(nil))}
	switch {
	case v.keys["/bomFormat"] == "CycloneDX":
		d.Format, d.Version = "CycloneDX", v.keys["/specVersion"]
	case v.keys["/spdxVersion"] != "":
		d.Format, d.Version = "SPDX", strings.TrimPrefix(v.keys["/spdxVersion"], "SPDX-")
	default:
		return nil, fault.New(fault.InputUnrecognized, "%s is not an SBOM", input.Display(f.Name()))
	}
	return d, nil
}

func SBOM(f *input.File, o Options) (*Draft, error) {
	d, err := Recognize(f)
	if err != nil {
		return nil, err
	}
	var content dsse.Content = f.Pin(d.SHA256)
	if !o.Preserve {
		b, err := f.ReadAll()
		if err != nil {
			return nil, err
		}
		if content, err = canonical.Parse(b, canonical.Options{ExactNumbers: true}); err != nil {
			return nil, err
		}
	}
	pt := "https://cyclonedx.org/bom"
	if d.Format == "SPDX" {
		pt = "https://spdx.dev/Document"
	}
	subjects := append([]intoto.Subject{{Name: filepath.Base(o.Name), Digest: map[string]string{"sha256": d.SHA256Hex()}}}, o.Subjects...)
	m, err := intoto.NewMessage(pt, subjects, content)
	return &Draft{Message: m, PredicateType: pt, Subjects: subjects, Document: d}, err
}

func ParseSubject(s string) (intoto.Subject, error) {
	if name, hexsum, ok := strings.Cut(s, "@sha256:"); ok {
		return intoto.Subject{Name: name, Digest: map[string]string{"sha256": hexsum}}, nil
	}
	b, err := os.ReadFile(s)
	sum := sha256.Sum256(b)
	return intoto.Subject{Name: filepath.Base(s), Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}, err
}

func Spellings(uri string) []string { return []string{uri} }

type Type struct{ Name, URI string }

func Lookup(s string) (Type, error) { return Type{s, s}, nil }
func Types() []Type                 { return nil }
