package canonical

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
)

// SyntaxError says why and where a JSON text was refused. It is the cause of
// the error that Append, Parse and Scan return, so errors.As finds it.
type SyntaxError struct {
	// Offset is the number of bytes before the fault.
	Offset int64
	// Path is the JSON pointer (RFC 6901) to the value at fault, or to the
	// nearest one around it; empty for the whole text. Long names are cut, so
	// it is for people. It holds text from the input.
	Path string
	// Message says what is wrong, without the place.
	Message string
}

func (e *SyntaxError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s at byte %d", e.Message, e.Offset)
	}
	return fmt.Sprintf("%s at %q, byte %d", e.Message, e.Path, e.Offset)
}

// Bounds of a path in an error, in bytes.
const (
	maxPathName = 128
	maxPath     = 1024
)

// failure is a fault on its way up to the value that holds everything: each
// object and array on that way adds its step.
type failure struct {
	reason   fault.Reason
	hint     string
	offset   int64
	message  string
	innerOut []string // steps, innermost first
}

// inMember adds the step into the member called name.
func (f *failure) inMember(name []byte) { f.innerOut = append(f.innerOut, pathName(name)) }

// inElement adds the step into the element with index n.
func (f *failure) inElement(n int) { f.innerOut = append(f.innerOut, strconv.Itoa(n)) }

func (f *failure) err() error {
	slices.Reverse(f.innerOut)
	e := &SyntaxError{Offset: f.offset, Path: joinPath(f.innerOut), Message: f.message}
	return &fault.Error{Reason: f.reason, Hint: f.hint, Err: e, Details: map[string]string{
		"path":   e.Path,
		"offset": strconv.FormatInt(e.Offset, 10),
	}}
}

func pathName(name []byte) string {
	return string(appendPointer(nil, []byte(shorten(string(name), maxPathName))))
}

// appendPointer appends one reference token (RFC 6901, section 3).
func appendPointer(dst, name []byte) []byte {
	for _, c := range name {
		switch c {
		case '~':
			dst = append(dst, '~', '0')
		case '/':
			dst = append(dst, '~', '1')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func joinPath(steps []string) string {
	if len(steps) == 0 {
		return ""
	}
	return shorten("/"+strings.Join(steps, "/"), maxPath)
}

// shorten cuts the middle out of s when it is longer than limit bytes.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	head, tail := limit/2, len(s)-limit/2
	for !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + "…" + s[tail:]
}

// unexpected describes what stands where something else was wanted.
func unexpected(c byte, wanted string) string {
	if c < utf8.RuneSelf {
		return fmt.Sprintf("unexpected %q, want %s", rune(c), wanted)
	}
	return fmt.Sprintf("unexpected byte 0x%02x, want %s", c, wanted)
}

// encodingFault recognises, by its first bytes, a text that is JSON in another
// encoding, or compressed. It returns nothing if b could be a mistake in JSON.
func encodingFault(b []byte) string {
	switch {
	case len(b) >= 3 && string(b[:3]) == "\xef\xbb\xbf":
		return "text starts with a byte order mark, which JSON must not have"
	case len(b) >= 2 && (string(b[:2]) == "\xff\xfe" || string(b[:2]) == "\xfe\xff"),
		len(b) >= 2 && (b[0] == 0) != (b[1] == 0):
		return "text is UTF-16 or UTF-32, and JSON must be UTF-8"
	case len(b) >= 2 && string(b[:2]) == "\x1f\x8b":
		return "content is compressed with gzip"
	}
	return ""
}
