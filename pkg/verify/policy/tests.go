package policy

import (
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// TestsFormat is the format string of a file of tests.
const TestsFormat = "stella.ops/verificationPolicyTests@v1"

// maxCases bounds the cases of a file of tests.
const maxCases = 1024

// Tests are examples of evidence and what a policy should say of them.
type Tests struct {
	// Policy is the path of the policy file.
	Policy string
	Cases  []Case
}

// Case is one example. What it leaves out is that of the file as a whole.
type Case struct {
	Name     string
	Evidence []string // paths
	Trust    Trust
	// Subjects are the artifacts that it must be about, as --subject names them.
	Subjects []string
	At       time.Time // zero for now
	// Accepted is the verdict that is expected, and Reason its reason if it is not.
	Accepted bool
	Reason   fault.Reason
}

// Trust is what a case rests on, as paths.
type Trust struct {
	Trust []string // as --trust
	CA    []string // as --ca
	TSA   []string // as --timestamp-certificate-chain
}

// ParseTests reads a file of tests; source is its name for messages. All errors
// are fault.PolicyMalformed with line and JSON pointer, or fault.InputTooLarge.
func ParseTests(b []byte, source string) (*Tests, error) {
	root, err := tree(source, b)
	if err != nil {
		return nil, err
	}
	f := &file{source: source}
	o := f.newObject("", root)
	if format := o.text("format", true, maxName, aLine()); f.err == nil && format != TestsFormat {
		f.keep(o.fail("format", "is %q, not %q", clip(format), TestsFormat))
	}
	out := &Tests{Policy: o.text("policy", true, maxText, aLine())}
	shared := readSituation(o, Case{})
	for _, c := range o.objects("cases", true, maxCases) {
		out.Cases = append(out.Cases, readCase(c, shared))
	}
	o.unique("cases")
	o.close(append(situationMembers(), "format", "policy", "cases")...)
	return out, f.err
}

func situationMembers() []string { return []string{"trust", "ca", "tsa", "at"} }

// readSituation reads what cases have alike, with given for what is left out.
func readSituation(o *object, given Case) Case {
	out := given
	for name, list := range map[string]*[]string{"trust": &out.Trust.Trust, "ca": &out.Trust.CA, "tsa": &out.Trust.TSA} {
		if o.has(name) {
			*list = o.texts(name, maxText, aLine())
		}
	}
	if o.has("at") {
		out.At = o.time("at")
	}
	return out
}

func readCase(o *object, shared Case) Case {
	c := readSituation(o, shared)
	c.Name = o.text("name", true, maxName, aLine())
	c.Evidence = o.texts("evidence", maxText, aLine())
	c.Subjects = o.texts("subjects", maxText, aLine())
	verdict := o.text("verdict", true, maxName, oneOf([]string{"accepted", "rejected"}))
	c.Accepted = verdict == "accepted"
	c.Reason = fault.Reason(o.text("reason", !c.Accepted, maxName, aReason()))
	if c.Accepted && o.has("reason") {
		o.keep(o.fail("reason", "is given for evidence that is accepted"))
	}
	if !o.has("evidence") {
		o.keep(o.fail("evidence", "is missing"))
	}
	o.close(append(situationMembers(), "name", "evidence", "subjects", "verdict", "reason")...)
	return c
}

func isReason(s string) bool {
	return slices.ContainsFunc(fault.Catalog(), func(e fault.Entry) bool { return string(e.Reason) == s })
}

// time returns a time in RFC 3339 and UTC. YAML takes it for a time of its own
// unless it is in quotes.
func (o *object) time(name string) time.Time {
	n := o.find(name)
	if n.kind != text && n.kind != other {
		o.keep(o.wrongKind(name, n, text))
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, n.text)
	if err != nil || t.Location() != time.UTC || t.IsZero() {
		o.keep(o.fail(name, "is not a time such as 2026-11-23T12:00:00Z"))
	}
	return t
}
