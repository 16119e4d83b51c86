package intoto

import (
	"bufio"
	"encoding/hex"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// Limits on what is read from a statement.
const (
	// MaxSubjects bounds the subjects of a statement.
	MaxSubjects = 10_000
	// MaxDigests bounds the digests of one subject.
	MaxDigests = 16
	// MaxNameSize bounds a subject's name, in bytes.
	MaxNameSize = 4 << 10
	// MaxTypeSize bounds a predicate type, in bytes.
	MaxTypeSize = 2 << 10
	// maxDigestSize bounds a digest's hex and its algorithm's name, in bytes.
	maxDigestSize = 1 << 10
	// maxDepth bounds the nesting of a whole statement.
	maxDepth = 520
)

// Statement is what a statement says without its predicate.
type Statement struct {
	Type          string // StatementV1 or StatementV01
	PredicateType string
	Subjects      []Subject
	Extra         []string // members beside the four that the specification names
}

// ParseStatement reads one statement from r to its end. The predicate may be
// of any size: it is handed to predicate, which must read exactly one value
// from d, or is skipped if predicate is nil.
//
// Duplicate members anywhere, and members that differ from a known one only by
// case, are refused; unknown members are ignored, as the specification tells
// consumers, and listed in Extra. An error has the reason statement.invalid,
// or that of a failure to read r.
func ParseStatement(r io.Reader, predicate func(d *jsontext.Decoder) error) (*Statement, error) {
	p := &parser{d: jsontext.NewDecoder(bufio.NewReaderSize(r, 256<<10)), predicate: predicate}
	s, err := p.statement()
	if err != nil {
		return nil, invalid(err)
	}
	return s, nil
}

// invalid gives err the reason statement.invalid unless it has one.
func invalid(err error) error {
	if fault.ReasonOf(err) != fault.Internal {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("it ends early")
	}
	return fault.Wrap(fault.StatementInvalid, err, "malformed in-toto statement")
}

type parser struct {
	d         *jsontext.Decoder
	predicate func(d *jsontext.Decoder) error
	seen      map[string]bool
	out       Statement
}

// members are the four of a statement.
func members() []string { return []string{"_type", "predicate", "predicateType", "subject"} }

func (p *parser) statement() (*Statement, error) {
	p.seen = make(map[string]bool)
	if err := p.object(p.member); err != nil {
		return nil, err
	}
	if _, err := p.d.ReadToken(); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, err
		}
		return nil, errors.New("there is content after the statement")
	}
	for _, name := range members() {
		if !p.seen[name] {
			return nil, fmt.Errorf("member %q is missing", name)
		}
	}
	return &p.out, p.check()
}

func (p *parser) check() error {
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

func (p *parser) member(name string) error {
	p.seen[name] = true
	var err error
	switch name {
	case "_type":
		p.out.Type, err = p.string(MaxTypeSize)
	case "predicateType":
		p.out.PredicateType, err = p.string(MaxTypeSize)
	case "subject":
		return p.array(MaxSubjects, p.subject)
	case "predicate":
		return p.readPredicate()
	default:
		if err := refuseFolded(name, members()); err != nil {
			return err
		}
		p.out.Extra = append(p.out.Extra, name)
		return p.skip()
	}
	return err
}

func (p *parser) readPredicate() error {
	if p.d.PeekKind() != '{' {
		return errors.New("predicate is not an object")
	}
	if p.predicate != nil {
		return p.predicate(p.d)
	}
	return p.skip()
}

func (p *parser) subject() error {
	var s Subject
	known := []string{"name", "digest", "uri", "content", "downloadLocation", "mediaType", "annotations"}
	err := p.object(func(name string) error {
		var err error
		switch name {
		case "name":
			s.Name, err = p.string(MaxNameSize)
		case "digest":
			s.Digest, err = p.digests()
		default:
			if err = refuseFolded(name, known[:2]); err == nil {
				err = p.skip()
			}
		}
		return err
	})
	if err == nil && len(s.Digest) == 0 {
		err = fmt.Errorf("subject %q has no digest", s.Name)
	}
	p.out.Subjects = append(p.out.Subjects, s)
	return err
}

func (p *parser) digests() (map[string]string, error) {
	out := make(map[string]string)
	err := p.object(func(name string) error {
		if len(out) == MaxDigests {
			return fmt.Errorf("a subject has more than %d digests", MaxDigests)
		}
		value, err := p.string(maxDigestSize)
		if err != nil {
			return err
		}
		out[name] = value
		return checkDigest(name, value)
	})
	return out, err
}

// checkDigest holds the digests that stella compares to lower-case hex of their
// length (in-toto digest_set.md); it cannot judge the others.
func checkDigest(algorithm, value string) error {
	size, ok := map[string]int{"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}[algorithm]
	if !ok {
		return nil
	}
	if b, err := hex.DecodeString(value); err != nil || len(b) != size || strings.ToLower(value) != value {
		return fmt.Errorf("digest %q is not %d lower-case hex digits", algorithm+":"+value, 2*size)
	}
	return nil
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

func (p *parser) object(member func(name string) error) error {
	return p.composite('{', '}', func() error {
		token, err := p.d.ReadToken()
		if err != nil {
			return err
		}
		return member(token.String())
	})
}

func (p *parser) array(limit int, element func() error) error {
	n := 0
	return p.composite('[', ']', func() error {
		if n++; n > limit {
			return fmt.Errorf("more than %d elements at %s", limit, p.d.StackPointer())
		}
		return element()
	})
}

func (p *parser) composite(open, end jsontext.Kind, each func() error) error {
	if k := p.d.PeekKind(); k != open && k != jsontext.KindInvalid {
		return fmt.Errorf("%s does not begin with %q", p.where(), open)
	}
	if _, err := p.d.ReadToken(); err != nil {
		return err
	}
	for p.d.PeekKind() != end {
		if err := each(); err != nil {
			return err
		}
	}
	_, err := p.d.ReadToken()
	return err
}

func (p *parser) string(limit int) (string, error) {
	token, err := p.d.ReadToken()
	if err != nil {
		return "", err
	}
	if token.Kind() != '"' {
		return "", fmt.Errorf("%s is not a string", p.where())
	}
	if s := token.String(); len(s) <= limit {
		return s, nil
	}
	return "", fmt.Errorf("%s is longer than %d bytes", p.where(), limit)
}

func (p *parser) where() string {
	if at := p.d.StackPointer(); at != "" {
		return string(at)
	}
	return "it"
}

// skip reads a value and forgets it, bounding its depth.
func (p *parser) skip() error {
	base := p.d.StackDepth()
	for {
		if p.d.StackDepth() > maxDepth {
			return fmt.Errorf("it is nested more than %d deep", maxDepth)
		}
		if _, err := p.d.ReadToken(); err != nil {
			return err
		}
		if p.d.StackDepth() == base {
			return nil
		}
	}
}
