package predicate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// format is how one kind of JSON document is recognised.
type format struct {
	// wants is what the format must know of a document.
	wants []want
	// match returns the document, or nil if it is of another format. An error
	// says that it is of this format and cannot be signed.
	match func(f *facts) (*Document, error)
}

// formats lists the JSON formats. The first match does not win: a document
// that is of two formats is refused, since two readers could see two things.
func formats() []format {
	return []format{
		cycloneDX(), spdx2(), spdx3(), syft(),
		sarif(), trivy(), grype(), osv(), openVEX(), csaf(), stellaReport(), cosignVuln(), intotoVulns(),
		statement(),
	}
}

// wants returns what all formats together must know.
func wants() []want {
	all := foreign()
	for _, f := range formats() {
		all = append(all, f.wants...)
	}
	return all
}

// identify returns the one format that the facts are of.
func identify(f *facts) (*Document, error) {
	var found *Document
	for _, format := range formats() {
		d, err := format.match(f)
		switch {
		case err != nil:
			return nil, err
		case d != nil && found != nil:
			return nil, fault.New(fault.InputUnrecognized, "it looks like %s and %s at once", found.Format, d.Format)
		case d != nil:
			found = d
		}
	}
	return found, nil
}

// unsupported is the error for a version that is not read.
func unsupported(format, version string, supported ...string) error {
	return fault.New(fault.InputUnrecognized, "it is %s %q, and stella reads %s", format, version, strings.Join(supported, ", ")).
		WithHint("write it in a version that is read").With("version", version)
}

func checkVersion(format, version string, supported ...string) error {
	if slices.Contains(supported, version) {
		return nil
	}
	return unsupported(format, version, supported...)
}

// onlyTool returns the one scanner among names and versions; two tools in one
// report leave it open.
func onlyTool(names, versions []string) Scanner {
	if len(names) != 1 {
		return Scanner{}
	}
	s := Scanner{Name: names[0]}
	if len(versions) == 1 {
		s.Version = versions[0]
	}
	return s
}

// plural is for messages: 1 component, 2 components.
func plural(n int, what string) string {
	if n == 1 {
		what = singular(what)
	}
	return fmt.Sprintf("%d %s", n, what)
}

func singular(what string) string {
	if stem, ok := strings.CutSuffix(what, "ies"); ok {
		return stem + "y"
	}
	if stem, ok := strings.CutSuffix(what, "ches"); ok {
		return stem + "ch"
	}
	return strings.TrimSuffix(what, "s")
}
