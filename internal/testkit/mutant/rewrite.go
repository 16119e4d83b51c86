package mutant

import (
	"bytes"
	"encoding/json/jsontext"
	"fmt"
	"strings"
)

// rewrite spells a document differently, so that other readers than the strictest
// may find something else in it.
func (s *Source) rewrite(document []byte) (rewritten []byte, how string) {
	switch s.rand.IntN(6) {
	case 0:
		v := jsontext.Value(document)
		_ = v.Indent() // what was marshalled is valid
		return v, "indent"
	case 1:
		return append([]byte("\ufeff"), document...), "byte order mark"
	case 2:
		return append(document, '\n', '\n'), "line feeds behind"
	case 3:
		return append(document, Pick(s, []string{"{}", "x", "\x00", ","})...), "text behind"
	case 4:
		return escaped(document), "escapes"
	}
	return s.twice(document)
}

// escaped writes every letter within strings as an escape.
func escaped(document []byte) []byte {
	var out strings.Builder
	inside := false
	for i := 0; i < len(document); i++ {
		c := document[i]
		switch {
		case c == '"':
			inside = !inside
			out.WriteByte(c)
		case inside && c == '\\':
			i++
			out.Write(document[i-1 : i+1])
		case inside && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'):
			fmt.Fprintf(&out, `\u%04x`, c)
		default:
			out.WriteByte(c)
		}
	}
	return []byte(out.String())
}

// twice gives an object a member that it has already.
func (s *Source) twice(document []byte) (rewritten []byte, how string) {
	var at []int
	for i := range document {
		if bytes.HasPrefix(document[i:], []byte(`{"`)) {
			at = append(at, i+1)
		}
	}
	if len(at) == 0 {
		return document, "nothing"
	}
	i := Pick(s, at)
	name := document[i : i+2+bytes.IndexByte(document[i+1:], '"')]
	second := append(append([]byte{}, name...), `:null,`...)
	return bytes.Join([][]byte{document[:i], document[i:]}, second), "member twice"
}
