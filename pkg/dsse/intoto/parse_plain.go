package intoto

import (
	"errors"
	"sync"

	"github.com/stellaops/stella/internal/strictjson"
)

// maxPlain bounds what parsePlain looks at, in bytes: less than any limit of
// canonical.Scan on a part of a text.
const maxPlain = 32 << 10

// decoders is memory for parsePlain.
var decoders = sync.Pool{New: func() any { return new(strictjson.Decoder) }}

// errOther says that a statement is not as most are.
var errOther = errors.New("not a plain statement")

// parsePlain reads a statement that is as most are: with the specification's members and
// no other, in plain JSON. It reports whether it was one. What is not is read again by the
// scanner, which alone refuses; of what parsePlain takes it would say the same
// (FuzzParseStatement).
func (p *parser) parsePlain(text []byte) bool {
	if len(text) > maxPlain {
		return false
	}
	d, _ := decoders.Get().(*strictjson.Decoder)
	d.ResetBytes(text)
	defer func() {
		if d.Plain() { // else it holds more than is wanted of it
			d.ResetBytes(nil) // the pool does not keep the text
			decoders.Put(d)
		}
	}()
	known := members()
	err := d.ClosedObject(known[:], func(name string) (err error) {
		for i := range known {
			p.seen[i] = p.seen[i] || known[i] == name
		}
		switch name {
		case "_type":
			p.out.Type, err = d.String(MaxTypeSize, StatementV1)
		case "predicateType":
			p.out.PredicateType, err = d.String(MaxTypeSize)
		case "subject":
			err = d.Array(MaxSubjects, func(int) error { return p.plainSubject(d) })
		default:
			if d.Kind() != '{' {
				return errOther
			}
			err = d.Skip()
		}
		return err
	})
	return err == nil && d.End() == nil && d.Plain() && p.finish() == nil
}

// plainSubject reads one subject.
func (p *parser) plainSubject(d *strictjson.Decoder) error {
	s := Subject{Digest: make(map[string]string)}
	err := d.ClosedObject([]string{"name", "digest"}, func(name string) (err error) {
		if name == "name" {
			s.Name, err = d.String(MaxNameSize)
			return err
		}
		return d.Members([]string{"sha256"}, func(algorithm string) error {
			value, err := d.String(maxDigestSize)
			if err != nil {
				return err
			}
			s.Digest[algorithm] = value
			return checkDigest(algorithm, value)
		})
	})
	if err != nil {
		return err
	}
	if len(s.Digest) == 0 || len(s.Digest) > MaxDigests {
		return errOther
	}
	p.out.Subjects = append(p.out.Subjects, s)
	return nil
}
