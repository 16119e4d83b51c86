package canonical

import (
	"fmt"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/jsonlex"
)

// str reads the string at i, which is its opening quote, and returns where it
// starts and ends, or a negative end. With whole, which names use, it stays in
// the window; otherwise the start is of no use.
func (s *scanner) str(i int, whole bool) (start, end int) {
	s.escaped = false
	end = jsonlex.PlainEnd(s.buf, i+1)
	for end == len(s.buf) || s.buf[end] != '"' {
		size := 0
		f := charShort
		if end < len(s.buf) {
			s.escaped = s.escaped || s.buf[end] == '\\'
			_, size, f = readChar(s.buf[end:])
		}
		if f == charShort {
			var ok bool
			if i, end, ok = s.moreString(i, end, whole); ok {
				end = jsonlex.PlainEnd(s.buf, end)
				continue
			}
		}
		if f != charOK {
			return i, s.refuseChar(i, end, f)
		}
		end = jsonlex.PlainEnd(s.buf, end+size)
	}
	if whole && end+1-i > MaxToken {
		return i, s.refuse(fault.InputTooLarge, i, longToken("member name"))
	}
	return i, end + 1
}

// moreString moves the window in the middle of a string that starts at i and
// is checked up to end.
func (s *scanner) moreString(i, end int, whole bool) (int, int, bool) {
	if !whole {
		end, ok := s.more(end)
		return end, end, ok
	}
	if end-i > MaxToken {
		return i, end, false
	}
	start, ok := s.more(i)
	return start, end - i + start, ok
}

// refuseChar refuses what stands at end in the string that starts at i.
func (s *scanner) refuseChar(i, end int, f charFault) int {
	switch {
	case f != charShort:
		return s.refuse(fault.InputMalformed, end, f.String())
	case s.end:
		return s.refuse(fault.InputMalformed, len(s.buf), f.String())
	}
	return s.refuse(fault.InputTooLarge, i, longToken("member name"))
}

// number reads the number at i.
func (s *scanner) number(i int) int {
	end, form := scanNumber(s.buf, i)
	if end == len(s.buf) { // there may be more of it
		if j, ok := s.more(i); ok {
			i = j
			end, form = scanNumber(s.buf, i)
		} else {
			end += j - i
			i = j
		}
	}
	switch {
	case end-i > MaxToken:
		return s.refuse(fault.InputTooLarge, i, longToken("number"))
	case form == numberMalformed:
		return s.wanted(end, "a digit of a number")
	}
	return end
}

func (s *scanner) literal(i int, c byte) int {
	word := jsonlex.Literal(c)
	if word == "" {
		return s.wanted(i, "a value")
	}
	if len(s.buf)-i < len(word) {
		i, _ = s.more(i)
	}
	for j := range len(word) {
		if i+j == len(s.buf) || s.buf[i+j] != word[j] {
			return s.wanted(i+j, fmt.Sprintf("the rest of %q", word))
		}
	}
	return i + len(word)
}
