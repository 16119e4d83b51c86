package intoto

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// Limits on what is read from a statement. A string of one is at most
// canonical.MaxText long, and all of it is bounded as canonical.Scan bounds it.
const (
	// MaxSubjects bounds the subjects of a statement.
	MaxSubjects = 10_000
	// MaxDigests bounds the digests of one subject.
	MaxDigests = 16
	// MaxNameSize bounds a subject's name, in bytes.
	MaxNameSize = 4 << 10
	// MaxTypeSize bounds a statement's and a predicate's type, in bytes.
	MaxTypeSize = 2 << 10
	// maxDigestSize bounds a digest's hex, in bytes.
	maxDigestSize = 1 << 10
)

// Statement is what a statement says without its predicate.
type Statement struct {
	Type          string // StatementV1 or StatementV01
	PredicateType string
	Subjects      []Subject
	Extra         []string // members beside the four that the specification names
	// NoPredicate says that the predicate is missing or null, which means the same
	// as an empty one.
	NoPredicate bool
}

// ParseStatement reads one statement from r to its end, in bounded memory
// however large the predicate is. The predicate is checked to be a JSON object,
// or not to be there, as in what PyPI signs; it is otherwise passed over.
//
// Duplicate members anywhere, and members that differ from a known one only by
// case, are refused; unknown members are ignored, as the specification tells
// consumers, and those of the statement itself are listed in Extra. An error
// has the reason statement.invalid, or that of a failure to read r.
func ParseStatement(r io.Reader) (*Statement, error) {
	p := newParser()
	if in, ok := r.(interface{ Held() []byte }); ok {
		if p.parsePlain(in.Held()) {
			return &p.out, nil
		}
		p = newParser()
	}
	if _, err := canonical.ScanWrapped(r, p); err != nil {
		return nil, invalid(err)
	}
	if err := p.finish(); err != nil {
		return nil, invalid(err)
	}
	return &p.out, nil
}

// invalid gives err the reason statement.invalid unless r failed with another
// one. What the scanner refuses is a fault of the statement.
func invalid(err error) error {
	_, syntax := errors.AsType[*canonical.SyntaxError](err)
	if !syntax && fault.ReasonOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(fault.StatementInvalid, err, "malformed in-toto statement")
}

// members are the four of a statement (spec/v1/statement.md).
func members() [4]string { return [4]string{"_type", "predicate", "predicateType", "subject"} }

// parser is a Visitor that collects a statement. It sees the statement's own
// members and its subjects; of the predicate it sees nothing.
type parser struct {
	seen [4]bool // by index into members
	out  Statement
	bad  error // the first thing that Visit refused; Visit cannot return it

	one [1]Subject // room for the subjects of most statements
}

var _ canonical.Visitor = (*parser)(nil)

func newParser() *parser {
	p := &parser{}
	p.out.Subjects = p.one[:0]
	return p
}

// Visit implements canonical.Visitor.
func (p *parser) Visit(path []byte, kind canonical.Kind) canonical.Action {
	if p.bad != nil {
		return canonical.Skip
	}
	action, err := p.visit(stepsOf(path), lastStep(path), kind)
	if err != nil {
		p.bad = err
	}
	return action
}

// visit decides by the steps of a pointer: none is the statement, one a member
// of it, two a subject, three a subject's member, four a digest. The name is that
// of the last step.
func (p *parser) visit(steps int, name []byte, kind canonical.Kind) (canonical.Action, error) {
	switch steps {
	case 0:
		return wants(canonical.Object, kind, canonical.Enter, "it")
	case 1:
		return p.member(name, kind)
	case 2:
		if len(p.out.Subjects) == MaxSubjects {
			return canonical.Skip, fmt.Errorf("it has more than %d subjects", MaxSubjects)
		}
		p.out.Subjects = append(p.out.Subjects, Subject{Digest: make(map[string]string)})
		return wants(canonical.Object, kind, canonical.Enter, "a subject")
	case 3:
		return subjectMember(name, kind)
	default:
		if len(p.out.Subjects[len(p.out.Subjects)-1].Digest) == MaxDigests {
			return canonical.Skip, fmt.Errorf("a subject has more than %d digests", MaxDigests)
		}
		return wants(canonical.String, kind, canonical.Text, "a digest")
	}
}

func (p *parser) member(name []byte, kind canonical.Kind) (canonical.Action, error) {
	for i, known := range members() {
		p.seen[i] = p.seen[i] || string(name) == known
	}
	switch string(name) {
	case "_type":
		return wants(canonical.String, kind, canonical.Text, "_type")
	case "predicateType":
		return wants(canonical.String, kind, canonical.Text, "predicateType")
	case "subject":
		return wants(canonical.Array, kind, canonical.Enter, "subject")
	case "predicate":
		if kind == canonical.Null {
			p.out.NoPredicate = true
			return canonical.Skip, nil
		}
		return wants(canonical.Object, kind, canonical.Skip, "predicate")
	}
	other := string(name)
	p.out.Extra = append(p.out.Extra, other)
	members := members()
	return canonical.Skip, refuseFolded(other, members[:])
}

func subjectMember(name []byte, kind canonical.Kind) (canonical.Action, error) {
	switch string(name) {
	case "name":
		return wants(canonical.String, kind, canonical.Text, "a subject's name")
	case "digest":
		return wants(canonical.Object, kind, canonical.Enter, "a subject's digest")
	}
	return canonical.Skip, refuseFolded(string(name), []string{"name", "digest"})
}

// wants returns the action if the value is of the kind that its place demands.
func wants(want, got canonical.Kind, action canonical.Action, what string) (canonical.Action, error) {
	if want == got {
		return action, nil
	}
	return canonical.Skip, fmt.Errorf("%s is of kind %s, not %s", what, got, want)
}

// refuseFolded refuses a name that a lenient reader would take for a known one.
func refuseFolded(name string, known []string) error {
	for _, k := range known {
		if strings.EqualFold(name, k) {
			return fmt.Errorf("member %q must be spelled %q", name, k)
		}
	}
	return nil
}

// Value implements canonical.Visitor.
func (p *parser) Value(path []byte, v canonical.Value) error {
	if p.bad != nil {
		return p.bad
	}
	if v.Kind != canonical.String {
		return p.endOfSubject(path, v.Kind)
	}
	text := textOf(v.Data)
	switch steps := stepsOf(path); {
	case steps == 1 && string(path) == "/_type":
		p.out.Type = text
		return bounded("_type", text, MaxTypeSize)
	case steps == 1:
		p.out.PredicateType = text
		return bounded("predicateType", text, MaxTypeSize)
	case steps == 3:
		p.out.Subjects[len(p.out.Subjects)-1].Name = text
		return bounded("a subject's name", text, MaxNameSize)
	}
	algorithm := textOf(lastStep(path))
	p.out.Subjects[len(p.out.Subjects)-1].Digest[algorithm] = text
	return checkDigest(algorithm, text)
}

// textOf is string(b), without memory of its own for what nearly all statements say.
func textOf(b []byte) string {
	switch string(b) {
	case StatementV1:
		return StatementV1
	case "sha256":
		return "sha256"
	}
	return string(b)
}

// endOfSubject holds a subject, whose path has two steps, to having a digest.
func (p *parser) endOfSubject(path []byte, kind canonical.Kind) error {
	if kind != canonical.Object || stepsOf(path) != 2 {
		return nil
	}
	if s := p.out.Subjects[len(p.out.Subjects)-1]; len(s.Digest) == 0 {
		return fmt.Errorf("subject %q has no digest", s.Name)
	}
	return nil
}

// finish judges the statement as a whole.
func (p *parser) finish() error {
	if p.bad != nil {
		return p.bad
	}
	predicate := 1
	p.out.NoPredicate = p.out.NoPredicate || !p.seen[predicate] // "optional", says the specification
	for i, name := range members() {
		if !p.seen[i] && i != predicate {
			return fmt.Errorf("member %q is missing", name)
		}
	}
	switch {
	case p.out.Type != StatementV1 && p.out.Type != StatementV01:
		return fmt.Errorf("unknown statement type %q", p.out.Type)
	case p.out.PredicateType == "":
		return errors.New("predicateType is empty")
	case len(p.out.Subjects) == 0:
		return errors.New("it has no subject")
	}
	return nil
}

func bounded(what, text string, limit int) error {
	if len(text) > limit {
		return fmt.Errorf("%s is longer than %d bytes", what, limit)
	}
	return nil
}

// checkDigest holds the digests that stella compares to lower-case hex of their
// length (in-toto digest_set.md); it cannot judge the others.
func checkDigest(algorithm, value string) error {
	if err := bounded("a digest", value, maxDigestSize); err != nil {
		return err
	}
	size := digestSize(algorithm)
	if size == 0 {
		return nil
	}
	if len(value) != 2*size || !isLowerHex(value) {
		return fmt.Errorf("digest %q is not %d lower-case hex digits", algorithm+":"+value, 2*size)
	}
	return nil
}

func isLowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; c-'0' > 9 && c-'a' > 5 {
			return false
		}
	}
	return true
}

// digestSize returns the length in bytes of a digest that stella compares, else 0.
func digestSize(algorithm string) int {
	switch algorithm {
	case "sha1":
		return 20
	case "sha256":
		return 32
	case "sha384":
		return 48
	case "sha512":
		return 64
	}
	return 0
}

// stepsOf counts the steps of a JSON pointer (RFC 6901).
func stepsOf(path []byte) int { return bytes.Count(path, []byte("/")) }

// lastStep returns the name that the last step of a pointer stands for (RFC 6901,
// section 4). It is part of path, or a copy.
func lastStep(path []byte) []byte {
	step := path[bytes.LastIndexByte(path, '/')+1:]
	if bytes.IndexByte(step, '~') < 0 {
		return step
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(step, []byte("~1"), []byte("/")), []byte("~0"), []byte("~"))
}
