package canonical

import (
	"fmt"
	"strconv"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/jsonlex"
)

// A scanner checks a text through a window. Its methods take an index into
// the window and return the index after what they read, or -1 after they set
// the failure. Any of them may move the window, so no other index outlives a call.
type scanner struct {
	window
	visitor  Visitor
	names    nameSet
	maxDepth int
	steps    []byte // names of the open members, each cut for messages
	path     []byte // pointer to the value that the visitor visits
	escaped  bool   // the last string had an escape
	decoded  []byte // the last name, if it had
	failure  *failure
	stopped  error // what the visitor ended the scan with
}

// text checks the whole text.
func (s *scanner) text() error {
	i, c := s.next(0)
	switch {
	case c == 0 && i == len(s.buf):
		i = s.refuse(fault.InputEmpty, i, "text has no JSON value")
	case s.visitor != nil:
		i = s.visit(i, c, 0)
	default:
		i, _ = s.value(i, c, 0, false)
	}
	if i >= 0 {
		if i, _ = s.next(i); i < len(s.buf) {
			s.wanted(i, "the end of the text")
		}
	}
	switch {
	case s.stopped != nil:
		return s.stopped
	case s.err != nil:
		return s.err
	case s.failure != nil:
		return s.failure.err()
	}
	return nil
}

// next returns the index after the white space at i and the byte that stands
// there, which is 0 at the end of the text.
func (s *scanner) next(i int) (int, byte) {
	for {
		if i < len(s.buf) && s.buf[i] > ' ' {
			return i, s.buf[i]
		}
		if i = jsonlex.SpaceEnd(s.buf, i); i < len(s.buf) {
			return i, s.buf[i]
		}
		var ok bool
		if i, ok = s.more(i); !ok {
			return i, 0
		}
	}
}

// visit reads the value at i, which starts with c, as the visitor wants it.
func (s *scanner) visit(i int, c byte, depth int) int {
	v := Value{Kind: kindOf(c), Offset: s.base + int64(i)}
	action := Skip
	if v.Kind != 0 {
		action = s.visitor.Visit(s.path, v.Kind)
	}
	limit := captureLimit(action, v.Kind)
	if limit > 0 {
		s.capture(i, limit)
	}
	end, n := s.value(i, c, depth, action == Enter)
	if end < 0 || action == Skip {
		return end
	}
	v.Size, v.Count = s.base+int64(end)-v.Offset, n
	if limit > 0 {
		data, ok := s.release(end)
		if !ok {
			return s.refuse(fault.InputTooLarge, end, fmt.Sprintf("%s is larger than the limit of %d bytes", v.Kind, limit))
		}
		v.Data = data
		if action == Text && v.Kind == String {
			v.Data = unescaped(data[1 : len(data)-1])
		}
	}
	if s.stopped = s.visitor.Value(s.path, v); s.stopped != nil {
		return s.refuse(fault.Internal, end, "stopped by the visitor")
	}
	return end
}

// captureLimit returns how many bytes of a value are captured, 0 for none.
func captureLimit(a Action, k Kind) int {
	switch {
	case a == Raw:
		return MaxRaw
	case a == Text && k < Array:
		return MaxText
	}
	return 0
}

// value reads the value at i, which starts with c, and returns also how many
// members or elements it has. With enter the visitor sees them.
func (s *scanner) value(i int, c byte, depth int, enter bool) (end, n int) {
	switch c {
	case '"':
		_, end = s.str(i, false)
		return end, 0
	case '{', '[':
		if depth == s.maxDepth {
			return s.refuse(fault.InputMalformed, i, tooDeep(s.maxDepth)), 0
		}
		if c == '{' {
			return s.object(i, depth+1, enter)
		}
		return s.array(i, depth+1, enter)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return s.number(i), 0
	default:
		return s.literal(i, c), 0
	}
}

// array reads the array at i, which is its opening bracket.
func (s *scanner) array(i, depth int, enter bool) (end, n int) {
	i, c := s.next(i + 1)
	if c == ']' {
		return i + 1, 0
	}
	for {
		if enter {
			i = s.visitElement(i, c, depth, n)
		} else {
			i, _ = s.value(i, c, depth, false)
		}
		if i < 0 {
			s.failure.inElement(n)
			return -1, 0
		}
		n++
		if i, c = s.next(i); c != ',' {
			break
		}
		i, c = s.next(i + 1)
	}
	if c != ']' {
		return s.wanted(i, `"," or "]" after an element`), 0
	}
	return i + 1, n
}

func (s *scanner) visitElement(i int, c byte, depth, n int) int {
	mark := len(s.path)
	s.path = strconv.AppendInt(append(s.path, '/'), int64(n), 10)
	i = s.visit(i, c, depth)
	s.path = s.path[:mark]
	return i
}

// object reads the object at i, which is its opening brace.
func (s *scanner) object(i, depth int, enter bool) (end, n int) {
	scope := s.names.open()
	i, c := s.next(i + 1)
	if c == '}' {
		return i + 1, 0
	}
	for {
		if i = s.member(i, c, depth, &scope, enter); i < 0 {
			return -1, 0
		}
		n++
		if i, c = s.next(i); c != ',' {
			break
		}
		i, c = s.next(i + 1)
	}
	if c != '}' {
		return s.wanted(i, `"," or "}" after a member`), 0
	}
	s.names.close(scope)
	return i + 1, n
}

// member reads the member at i, which starts with c.
func (s *scanner) member(i int, c byte, depth int, scope *nameScope, enter bool) int {
	if c != '"' {
		return s.wanted(i, "a member name in double quotes")
	}
	start, end := s.str(i, true)
	if end < 0 {
		return -1
	}
	name := s.buf[start+1 : end-1]
	if s.escaped {
		s.decoded = appendUnescaped(s.decoded[:0], name)
		name = s.decoded
	}
	if f := s.names.add(scope, name); f != nameOK {
		return s.refuseName(start, name, f)
	}
	step, mark := len(s.steps), len(s.path)
	s.enterMember(name, enter)
	if i, c = s.next(end); c == ':' {
		i = s.memberValue(i+1, depth, step, enter)
	} else {
		i = s.wanted(i, `":" after a member name`)
	}
	s.steps, s.path = s.steps[:step], s.path[:mark]
	return i
}

// enterMember puts the name, which may leave the window, where errors and the
// visitor find it.
func (s *scanner) enterMember(name []byte, enter bool) {
	if len(name) <= maxPathName {
		s.steps = append(s.steps, name...)
	} else {
		s.steps = append(s.steps, shorten(string(name), maxPathName)...)
	}
	if enter {
		s.path = appendPointer(append(s.path, '/'), name)
	}
}

// memberValue reads the value, at or after i, of the member whose name is in
// the steps from step on.
func (s *scanner) memberValue(i, depth, step int, enter bool) int {
	i, c := s.next(i)
	if enter {
		i = s.visit(i, c, depth)
	} else {
		i, _ = s.value(i, c, depth, false)
	}
	if i < 0 {
		s.failure.inMember(s.steps[step:])
	}
	return i
}

func (s *scanner) refuseName(i int, name []byte, f nameFault) int {
	if f == nameTooMany {
		return s.refuse(fault.InputTooLarge, i, tooManyMembers(s.names.limit))
	}
	s.refuse(fault.InputMalformed, i, duplicate(name))
	s.failure.inMember(name)
	return -1
}

// wanted refuses what stands at i.
func (s *scanner) wanted(i int, what string) int {
	switch {
	case i >= len(s.buf):
		return s.refuse(fault.InputMalformed, i, "unexpected end of input, want "+what)
	case s.base == 0 && i <= 1:
		if message := encodingFault(s.buf); message != "" {
			return s.refuse(fault.InputEncoding, i, message)
		}
	}
	return s.refuse(fault.InputMalformed, i, unexpected(s.buf[i], what))
}

func (s *scanner) refuse(r fault.Reason, i int, message string) int {
	s.failure = &failure{reason: r, offset: s.base + int64(i), message: message}
	return -1
}
