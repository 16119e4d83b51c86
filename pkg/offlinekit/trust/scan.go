package trust

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
	"strings"
)

// scanner walks over a JSON text. The decoder itself refuses members that are there
// twice and what is not UTF-8.
type scanner struct{ d *jsontext.Decoder }

// document reads the one value that a file of metadata is.
func (s *scanner) document() error {
	if s.d.PeekKind() != '{' {
		return errors.New("it is not a JSON object")
	}
	if err := s.value(false, 0); err != nil {
		return err
	}
	if _, err := s.d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// value reads a value. The members of one that is free have names that somebody
// chose.
func (s *scanner) value(free bool, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	token, err := s.d.ReadToken()
	if err != nil {
		return err
	}
	switch token.Kind() {
	case 'n':
		return fmt.Errorf("there is a null at %s", s.d.StackPointer())
	case '{':
		return s.members(free, depth)
	case '[':
		for s.d.PeekKind() != ']' {
			if err := s.value(free, depth+1); err != nil {
				return err
			}
		}
		_, err = s.d.ReadToken()
	}
	return err
}

func (s *scanner) members(free bool, depth int) error {
	for s.d.PeekKind() != '}' {
		token, err := s.d.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		if lower := strings.ToLower(name); !free && name != lower && ours(lower) {
			return fmt.Errorf("there is a member %q, which is written %q", name, lower)
		}
		if name == "custom" && !free { // says nothing to this program
			if err := s.d.SkipValue(); err != nil {
				return err
			}
			continue
		}
		// Of "keys" and the like the members themselves are objects of ours again.
		if err := s.value(!free && opaque(name), depth+1); err != nil {
			return err
		}
	}
	_, err := s.d.ReadToken()
	return err
}
