package predicate

import (
	"bytes"

	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// A glancer finds its way through the canonical form of a ready statement with
// the members that each has and no others. Whatever is unusual makes it give up,
// which means nothing but that somebody else has to look.
type glancer struct {
	rest          []byte
	list          int
	predicateType []byte
	subjects      int
	digests       *digestList
}

// digestList holds digests in memory that is used again.
type digestList struct {
	list [][]byte
	text []byte
}

func (l *digestList) reset() { l.list, l.text = l.list[:0], l.text[:0] }

// add adds algorithm:value.
func (l *digestList) add(algorithm, value []byte) {
	start := len(l.text)
	l.text = append(append(append(l.text, algorithm...), ':'), value...)
	l.list = append(l.list, l.text[start:])
}

// statement reads the whole statement, whose text has been checked.
func (g *glancer) statement() bool {
	if !g.take(`{"_type":"`+intoto.StatementV1+`","predicate":`) || !g.object() || !g.take(`,"predicateType":`) {
		return false
	}
	var ok bool
	if g.predicateType, ok = g.text(intoto.MaxTypeSize); !ok || len(g.predicateType) == 0 || !g.take(`,"subject":[`) {
		return false
	}
	for {
		if g.subjects == MaxBundleSubjects || !g.subject() {
			return false
		}
		if !g.take(",") {
			return g.take("]}") && len(g.rest) == 0
		}
	}
}

// take reads exactly s.
func (g *glancer) take(s string) bool {
	if len(g.rest) < len(s) || string(g.rest[:len(s)]) != s {
		return false
	}
	g.rest = g.rest[len(s):]
	return true
}

// text reads a string without escapes.
func (g *glancer) text(limit int) ([]byte, bool) {
	if !g.take(`"`) {
		return nil, false
	}
	end := bytes.IndexByte(g.rest, '"')
	if end < 0 || end > limit || bytes.IndexByte(g.rest[:end], '\\') >= 0 {
		return nil, false
	}
	s := g.rest[:end]
	g.rest = g.rest[end+1:]
	return s, true
}

// object reads over an object.
func (g *glancer) object() bool {
	if len(g.rest) == 0 || g.rest[0] != '{' {
		return false
	}
	depth := 0
	for i := 0; i < len(g.rest); i++ {
		switch g.rest[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				g.rest = g.rest[i+1:]
				return true
			}
		case '"':
			i = quoteEnd(g.rest, i+1)
		}
	}
	return false
}

// quoteEnd returns the index of the quote that ends the string in b whose content
// begins at i.
func quoteEnd(b []byte, i int) int {
	for i < len(b) && b[i] != '"' {
		if b[i] == '\\' {
			i++
		}
		i++
	}
	return i
}

// subject reads {"digest":{…},"name":"…"}.
func (g *glancer) subject() bool {
	if !g.take(`{"digest":{`) {
		return false
	}
	algorithm, value, ok := g.digestSet()
	if !ok {
		return false
	}
	if g.take(`,"name":`) {
		if _, ok := g.text(intoto.MaxNameSize); !ok {
			return false
		}
	}
	if g.subjects++; len(g.digests.list) < g.list {
		g.digests.add(algorithm, value)
	}
	return g.take("}")
}

// digestSet reads "sha256":"…"} with digests whose form is known, and returns the
// main one.
func (g *glancer) digestSet() (mainAlgorithm, mainValue []byte, ok bool) {
	for {
		algorithm, ok := g.text(len("sha512"))
		if !ok || !g.take(":") {
			return nil, nil, false
		}
		size := hexSize(string(algorithm))
		value, ok := g.text(size)
		if !ok || size == 0 || len(value) != size || !isLowerHex(value) {
			return nil, nil, false
		}
		if mainAlgorithm == nil || string(algorithm) == "sha256" {
			mainAlgorithm, mainValue = algorithm, value
		}
		if g.take("}") {
			return mainAlgorithm, mainValue, true
		}
		if !g.take(",") {
			return nil, nil, false
		}
	}
}

func isLowerHex(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
