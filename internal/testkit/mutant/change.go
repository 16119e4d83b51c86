package mutant

import (
	"encoding/base64"
	"slices"
	"strings"
)

// change changes what stands at a place.
func (s *Source) change(p place) string {
	switch v := p.get().(type) {
	case map[string]any:
		return s.changeObject(p, v)
	case []any:
		return s.changeList(p, v)
	}
	return s.changeScalar(p)
}

func (s *Source) changeObject(p place, object map[string]any) string {
	known := names(object)
	switch kind := s.rand.IntN(6); {
	case kind == 0:
		return s.drop(p)
	case kind == 1:
		return s.transplant(p)
	case kind == 2 && len(known) > 0:
		old := Pick(s, known)
		name := Pick(s, []string{strings.ToUpper(old[:min(1, len(old))]) + old[min(1, len(old)):], strings.ToUpper(old), old + " ", snake(old)})
		object[name] = object[old]
		delete(object, old)
		return "rename " + p.name + "." + old
	case kind == 3 && len(known) > 1:
		a, b := Pick(s, known), Pick(s, known)
		object[a], object[b] = object[b], object[a]
		return "exchange in " + p.name
	case kind == 4:
		object[Pick(s, []string{"comment", "", "extension"})] = Pick(s, []any{"x", nil, map[string]any{}, []any{1.0}})
		return "unknown member in " + p.name
	}
	return s.adopt(p, object)
}

// adopt puts in a member that an object at the same place in another document has.
func (s *Source) adopt(p place, object map[string]any) string {
	for range 8 {
		other, ok := s.donor(p).(map[string]any)
		if !ok || len(other) == 0 {
			continue
		}
		if name := Pick(s, names(other)); object[name] == nil {
			object[name] = other[name]
			return "add " + p.name + "." + name
		}
	}
	return s.drop(p)
}

func (s *Source) changeList(p place, list []any) string {
	if len(list) == 0 {
		return s.transplant(p)
	}
	at := s.rand.IntN(len(list))
	switch s.rand.IntN(5) {
	case 0:
		return s.transplant(p)
	case 1:
		return s.drop(p)
	case 2:
		p.set(slices.Insert(slices.Clone(list), at, clone(list[at])))
		return "repeat in " + p.name
	case 3:
		if more, ok := s.donor(p).([]any); ok && len(more) > 0 {
			p.set(slices.Insert(slices.Clone(list), at, more...))
			return "insert into " + p.name
		}
	}
	reversed := slices.Clone(list)
	slices.Reverse(reversed)
	p.set(reversed)
	return "reverse " + p.name
}

func (s *Source) changeScalar(p place) string {
	text, isText := p.get().(string)
	switch kind := s.rand.IntN(8); {
	case kind < 3:
		return s.transplant(p)
	case kind == 3:
		return s.drop(p)
	case kind == 4:
		p.set(Pick(s, []any{nil, "", 0.0, -1.0, 1e30, true, []any{}, map[string]any{}, "0"}))
		return "other type at " + p.name
	case isText:
		var how string
		text, how = s.rewriteText(text)
		p.set(text)
		return how + " at " + p.name
	}
	return s.drop(p)
}

// rewriteText spells a string differently or changes it a little.
func (s *Source) rewriteText(text string) (changed, how string) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err == nil && len(b) > 0 && s.rand.IntN(2) == 0 {
		switch s.rand.IntN(4) {
		case 0:
			return base64.URLEncoding.EncodeToString(b), "base64 for URLs"
		case 1:
			return strings.TrimRight(text, "="), "no padding"
		case 2:
			b[s.rand.IntN(len(b))] ^= 1 << s.rand.IntN(8)
			return base64.StdEncoding.EncodeToString(b), "one bit"
		}
		return base64.StdEncoding.EncodeToString(append(b, 0)), "one byte more"
	}
	switch s.rand.IntN(4) {
	case 0:
		return strings.ToUpper(text), "capitals"
	case 1:
		return text + "\n", "line feed"
	case 2:
		return " " + text, "space"
	}
	return text + Pick(s, []string{"\x00", "=", "/", "é"}), "more text"
}

// drop takes the value away, or empties the document.
func (s *Source) drop(p place) string {
	if p.drop == nil {
		p.set(Pick(s, []any{[]any{p.get()}, []any{}, map[string]any{}, []any{p.get(), p.get()}}))
		return "wrap"
	}
	p.drop()
	return "drop " + p.name
}

// transplant puts what stands at the same place in another document.
func (s *Source) transplant(p place) string {
	if len(s.donors[p.name]) == 0 {
		return s.drop(p)
	}
	p.set(s.donor(p))
	return "transplant " + p.name
}

// donor is a value that stood at the same place in some document, or nil.
func (s *Source) donor(p place) any {
	if len(s.donors[p.name]) == 0 {
		return nil
	}
	return clone(Pick(s, s.donors[p.name]))
}

// snake is the other name that protocol buffers give to a member.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
