package predicate

import (
	"bytes"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// policy is what a decision rests on.
type policy struct {
	Digest string   `json:"digest,omitzero"`
	Views  []string `json:"views,omitempty"`
}

// reportHead and reportTail are the members of stella.ops/report@v1 before and
// after the report, in canonical order.
type reportHead struct {
	Decision string  `json:"decision"`
	Policy   *policy `json:"policy,omitzero"`
}

type reportTail struct {
	Scanner *Scanner `json:"scanner,omitzero"`
}

// report builds stella.ops/report@v1.
func (s *source) report(o *ReportOptions) (*Draft, error) {
	head, err := s.reportHead(o)
	if err != nil {
		return nil, err
	}
	scanner, err := s.scanner(o)
	if err != nil {
		return nil, err
	}
	tail, err := canonicalJSON(reportTail{scanner})
	if err != nil {
		return nil, err
	}
	report, err := s.refWithContent(o)
	if err != nil {
		return nil, err
	}
	predicate := dsse.Concat{dsse.Bytes(append(head[:len(head)-1], `,"report":`...)), report, dsse.Bytes(closing(tail))}
	d, err := s.draft(&o.Options, TypeReport, predicate)
	if err == nil {
		d.Decision = o.Decision
	}
	return d, err
}

// closing makes an object of further members into the end of an object.
func closing(tail []byte) []byte {
	if bytes.Equal(tail, []byte("{}")) {
		return tail[1:]
	}
	tail[0] = ','
	return tail
}

func (s *source) reportHead(o *ReportOptions) ([]byte, error) {
	switch {
	case o.Decision == "":
		return nil, located(s.file, fault.New(fault.DecisionRequired, "%s states no decision", s.doc).
			WithHint("say what you decide on it: --decision pass, warn or block"))
	case decision(o.Decision) != "":
		return nil, fault.New(fault.UsageInvalid, "decision %.100q is not %s", o.Decision, decision(o.Decision))
	case o.PolicyDigest != "" && policyDigest(o.PolicyDigest) != "":
		return nil, fault.New(fault.UsageInvalid, "policy digest %.100q is not %s", o.PolicyDigest, policyDigest(o.PolicyDigest))
	}
	h := reportHead{Decision: o.Decision}
	views := slices.Compact(slices.Sorted(slices.Values(o.Views)))
	if len(views) > maxViews {
		return nil, fault.New(fault.UsageInvalid, "%d views are more than the limit of %d", len(views), maxViews)
	}
	for _, v := range views {
		if why := word(v); why != "" {
			return nil, fault.New(fault.UsageInvalid, "view %.100q is not %s", v, why)
		}
	}
	if o.PolicyDigest != "" || len(views) > 0 {
		h.Policy = &policy{o.PolicyDigest, views}
	}
	return canonicalJSON(h)
}

// scanner returns what made the report, from the flags or from the report. What
// the report says is left out if it does not fit the schema.
func (s *source) scanner(o *ReportOptions) (*Scanner, error) {
	given := o.Scanner
	switch {
	case given.Name == "" && given.Version != "":
		return nil, fault.New(fault.UsageInvalid, "the scanner has a version and no name")
	case given.Name != "" && word(given.Name) != "", given.Version != "" && word(given.Version) != "":
		return nil, fault.New(fault.UsageInvalid, "the scanner's name or version is not %s", word(""))
	case given.Name != "":
		return &given, nil
	}
	found := s.doc.Scanner
	if word(found.Name) != "" {
		return nil, nil
	}
	if word(found.Version) != "" {
		found.Version = ""
	}
	return &found, nil
}

// refWithContent is the document embedded beside its digest, or its digest
// alone if it is not JSON or is to be referenced.
func (s *source) refWithContent(o *ReportOptions) (dsse.Content, error) {
	embed := s.doc.Encoding == JSON && !o.Reference
	if err := withoutURI(&o.Options, embed); err != nil {
		return nil, err
	}
	if !embed {
		return s.ref(o.URI).withContent(nil)
	}
	content, err := s.content()
	if err != nil {
		return nil, err
	}
	return s.ref("").withContent(content)
}
