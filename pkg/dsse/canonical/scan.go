package canonical

import (
	"fmt"
	"io"
)

// A Kind is the kind of a JSON value.
type Kind byte

// The kinds of values (RFC 8259, section 3).
const (
	Null Kind = iota + 1
	Bool
	Number
	String
	Array
	Object
)

func (k Kind) String() string {
	if k < Null || k > Object {
		return fmt.Sprintf("Kind(%d)", byte(k))
	}
	return [...]string{Null: "null", Bool: "boolean", Number: "number", String: "string", Array: "array", Object: "object"}[k]
}

// kindOf returns the kind of the value that starts with c, or 0.
func kindOf(c byte) Kind {
	switch c {
	case 'n':
		return Null
	case 't', 'f':
		return Bool
	case '"':
		return String
	case '[':
		return Array
	case '{':
		return Object
	}
	if c == '-' || c-'0' <= 9 {
		return Number
	}
	return 0
}

// An Action says what a Visitor wants of a value. Whatever it is, the value is
// checked.
type Action byte

const (
	// Skip wants nothing: the fastest.
	Skip Action = iota
	// Count wants the number of members or elements.
	Count
	// Enter visits each member or element, and then is like Count.
	Enter
	// Text wants the decoded text of a scalar; for objects and arrays it is
	// like Count. A value whose source is over MaxText is refused.
	Text
	// Raw wants the exact bytes of the value. One over MaxRaw is refused.
	Raw
)

// Limits on what a Visitor gets, in bytes of source text.
const (
	MaxText = 64 << 10
	MaxRaw  = 1 << 20
)

// A Value is what a Visitor asked for.
type Value struct {
	Kind   Kind
	Offset int64 // where the value starts in the text, in bytes
	Size   int64 // its length in bytes, white space inside included
	Count  int   // members of an object or elements of an array, else 0
	// Data is, after Text, the string with its escapes resolved, or the source
	// of another scalar; after Raw, the source of the value; else nil. The
	// Visitor may keep it.
	Data []byte
}

// A Visitor chooses, value by value, what it wants to know of a text. Paths
// are JSON pointers (RFC 6901), exact and valid only during the call: the root
// is "", then "/components", "/components/0", and so on.
//
// What a Visitor has seen means nothing until Scan returns without error: the
// text may be malformed further on, or hold the same name again.
type Visitor interface {
	// Visit is called at the start of the root value, and of every member and
	// element of the values that it chose to Enter.
	Visit(path []byte, kind Kind) Action
	// Value is called at the end of every value that Visit did not Skip. Its
	// error ends the scan.
	Value(path []byte, v Value) error
}

// Scan reads the JSON text in r to its end and refuses what [Parse] refuses,
// except for numbers, which are not converted. It calls v, which may be nil,
// for the values that v wants to know. It needs about 300 KiB of memory beside
// what v asks for, at most 80 MB for objects that are made to be bad, and little
// for an r with a method Len, as of a bytes.Reader, that tells of little. Of an r
// with a method Held() []byte it takes that for all of the text, and reads nothing.
//
// Scan returns how many bytes it read. An error of r or of v is returned as it
// is; any other has a *SyntaxError as cause.
func Scan(r io.Reader, v Visitor) (size int64, err error) {
	return scan(r, v, limits{MaxSize, MaxDepth, MaxMembers})
}

// ScanWrapped is [Scan] for a text that holds a whole document a few levels
// down, as a statement holds its predicate: its bounds leave room for the
// wrapper, so that a document which was accepted before it was wrapped is not
// refused for having been.
func ScanWrapped(r io.Reader, v Visitor) (size int64, err error) {
	return scan(r, v, limits{MaxSize + wrapperSize, MaxDepth + wrapperDepth, MaxMembers + wrapperMembers})
}

// The room for a wrapper: 10,000 subjects with long names fit into it.
const (
	wrapperSize    = 64 << 20
	wrapperDepth   = 8
	wrapperMembers = 1 << 10 // members of the open objects around the document
)

// limits are the bounds of one scan.
type limits struct {
	size    int64
	depth   int
	members int
}

func scan(r io.Reader, v Visitor, l limits) (size int64, err error) {
	var little struct { // what most texts need, taken at once
		names       [linear]nameID
		steps, path [64]byte
	}
	s := scanner{
		window:   newWindow(r, l.size),
		visitor:  v,
		names:    newNameSet(l.members),
		maxDepth: l.depth,
		steps:    little.steps[:0],
		path:     little.path[:0],
	}
	s.names.ids = little.names[:0]
	err = s.text()
	return s.base + int64(len(s.buf)), err
}

// newWindow returns a window over r, of all of it if it is in memory.
func newWindow(r io.Reader, most int64) window {
	if in, ok := r.(interface{ Held() []byte }); ok {
		if held := in.Held(); int64(len(held)) <= most {
			return window{buf: held, end: true}
		}
	}
	return window{r: r, max: most, room: make([]byte, roomFor(r))}
}

// roomFor returns the size of a window over r. All of a text that says how little
// it is gets room for one byte more than that, where its end shows.
func roomFor(r io.Reader) int {
	if short, ok := r.(interface{ Len() int }); ok {
		return min(windowSize, short.Len()+1)
	}
	return windowSize
}
