package predicate

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// ReportOptions is what a report is signed with.
type ReportOptions struct {
	Options
	// Decision is pass, warn or block. It is never defaulted.
	Decision string
	// PolicyDigest is sha256:<hex> of the policy that the decision rests on.
	PolicyDigest string
	// Views are the SBOM views that the report covers; their order and
	// repetitions do not matter.
	Views []string
	// Scanner overrides what the report says of the program that made it.
	Scanner Scanner
}

// decides reports whether anything of a decision is given.
func (o *ReportOptions) decides() bool {
	return o.Decision != "" || o.PolicyDigest != "" || len(o.Views) > 0
}

// Report drafts the statement about a scan report, a verdict or a VEX document:
//
//   - With Type, the report itself is the predicate, under that type.
//   - A stella report is the predicate as it is.
//   - A VEX document without a decision is signed as what it is: OpenVEX and
//     CycloneDX under their own type, CSAF within stella.ops/vex@v1.
//   - Everything else becomes stella.ops/report@v1 and needs a decision.
func Report(f *input.File, o ReportOptions) (*Draft, error) {
	s, err := open(f, &o.Options)
	if err != nil {
		return nil, unknown(f, err, "SARIF, Trivy, Grype, OSV, OpenVEX, CycloneDX and CSAF reports")
	}
	if !s.doc.Kind.Is(KindReport) {
		return nil, notAReport(s)
	}
	switch {
	case o.Type != "" && !Matches(o.Type, TypeReport):
		return s.rawReport(&o)
	case s.doc.typ == TypeReport:
		return s.stellaReport(&o)
	case s.doc.Kind.Is(KindVEX) && !o.decides() && o.Type == "":
		return s.vex(&o)
	}
	return s.report(&o)
}

func notAReport(s *source) error {
	e := fault.New(fault.InputUnrecognized, "it is not a report but looks like %s", article(s.doc))
	if s.doc.Kind.Is(KindStatement) {
		return located(s.file, e.WithHint("use stella sign statement %s", fileWord(s.file)))
	}
	return located(s.file, e.WithHint("use stella sign sbom %s", fileWord(s.file)))
}

// rawReport signs the report itself. A type of the catalog must be that of the
// report's format; a URI that is not in the catalog is the user's word.
func (s *source) rawReport(o *ReportOptions) (*Draft, error) {
	predicateType, err := Resolve(o.Type)
	if err != nil {
		return nil, err
	}
	known, _ := Lookup(o.Type)
	switch {
	case o.decides() || o.Scanner != (Scanner{}):
		return nil, fault.New(fault.UsageInvalid, "a predicate of type %q has no place for decision, policy, views or scanner", predicateType).
			WithHint("leave --type away to sign a decision on the report")
	case s.doc.Kind.Is(KindVEX) && s.doc.typ == "" && predicateType == TypeVEX:
		return s.vex(o)
	case known.Name != "" && !Matches(known.URI, s.doc.typ):
		return nil, wrongReportType(s, predicateType)
	case s.doc.Encoding != JSON || o.Reference:
		return nil, located(s.file, fault.New(fault.UsageInvalid, "a predicate of type %q is the report itself, embedded as JSON", predicateType).
			WithHint("leave --type away to attest the report by digest"))
	}
	return s.embedded(o, predicateType)
}

func wrongReportType(s *source, got string) error {
	e := fault.New(fault.UsageInvalid, "%s is not a document of type %q", s.doc, got)
	if s.doc.typ != "" {
		return located(s.file, e.WithHint("sign it as --type %s", s.doc.typ))
	}
	return located(s.file, e.WithHint("leave --type away and say --decision pass, warn or block, or give a type URI of your own"))
}

// embedded makes the document itself the predicate.
func (s *source) embedded(o *ReportOptions, predicateType string) (*Draft, error) {
	if err := withoutURI(&o.Options, true); err != nil {
		return nil, err
	}
	content, err := s.embed(predicateType)
	if err != nil {
		return nil, err
	}
	return s.draft(&o.Options, predicateType, content)
}

// vex signs a VEX document, which says itself what its author decides.
func (s *source) vex(o *ReportOptions) (*Draft, error) {
	if s.doc.typ != "" && !o.Reference {
		return s.embedded(o, s.doc.typ)
	}
	predicate, err := s.refWithContent(o)
	if err != nil {
		return nil, err
	}
	return s.draft(&o.Options, TypeVEX, predicate)
}

// stellaReport signs a report document that is a predicate already.
func (s *source) stellaReport(o *ReportOptions) (*Draft, error) {
	if o.decides() || o.Scanner != (Scanner{}) || o.Reference {
		return nil, located(s.file, fault.New(fault.UsageInvalid, "a stella report says its decision, policy, views and scanner itself, and is always embedded").
			WithHint("change the report, or sign the scanner's own report with these flags"))
	}
	d, err := s.embedded(o, TypeReport)
	if err == nil {
		d.Decision = s.doc.decision
	}
	return d, err
}
