package keys

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// Whether a member must be there.
const (
	optional = false
	required = true
)

// anyType stands for every predicate type.
const anyType = "*"

// object reads one JSON object of a keys.json member by member and keeps the
// first error. close must be called.
type object struct {
	source  string
	pointer string // RFC 6901, of the object
	members map[string]jsontext.Value
	err     error
}

func readObject(source, pointer string, raw jsontext.Value) *object {
	o := &object{source: source, pointer: pointer}
	if raw.Kind() != '{' {
		o.keep(o.fail("", "is not an object"))
		return o
	}
	o.keep(json.Unmarshal(raw, &o.members))
	return o
}

func (o *object) keep(err error) {
	if o.err == nil {
		o.err = err
	}
}

func (o *object) where(member string) string {
	pointer := o.pointer
	if member != "" {
		pointer += "/" + member
	}
	if pointer == "" {
		return "malformed " + input.Display(o.source)
	}
	return fmt.Sprintf("malformed %s: %s", input.Display(o.source), pointer)
}

func (o *object) fail(member, format string, args ...any) error {
	pointer := o.pointer
	if member != "" {
		pointer += "/" + member
	}
	return fault.New(fault.TrustMalformed, "%s %s", o.where(member), fmt.Sprintf(format, args...)).
		With("path", o.source).With("pointer", pointer)
}

// member returns a member of the wanted kind, or nil.
func (o *object) member(name string, must bool, kind jsontext.Kind, what string) jsontext.Value {
	raw, ok := o.members[name]
	switch {
	case !ok && must:
		o.keep(o.fail(name, "is missing"))
	case ok && raw.Kind() != kind:
		o.keep(o.fail(name, "is not %s", what))
	case ok:
		return raw
	}
	return nil
}

// text returns a string of 1 to limit characters that passes check.
func (o *object) text(name string, must bool, limit int, check func(string) bool) string {
	raw := o.member(name, must, '"', "a string")
	if raw == nil {
		return ""
	}
	return o.checkText(name, raw, limit, check)
}

func (o *object) checkText(name string, raw jsontext.Value, limit int, check func(string) bool) string {
	var s string
	o.keep(json.Unmarshal(raw, &s))
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		o.keep(o.fail(name, "is empty"))
	case n > limit:
		o.keep(o.fail(name, "has more than %d characters", limit))
	case check != nil && !check(s):
		o.keep(o.fail(name, "has a value that is not allowed: %q", clip(s)))
	}
	return s
}

// list returns the elements of an array of at most limit.
func (o *object) list(name string, must bool, limit int) []jsontext.Value {
	raw := o.member(name, must, '[', "an array")
	if raw == nil {
		return nil
	}
	var list []jsontext.Value
	o.keep(json.Unmarshal(raw, &list))
	if len(list) > limit {
		o.keep(o.fail(name, "has more than %d elements", limit))
		return nil
	}
	return list
}

// texts returns an array of different strings.
func (o *object) texts(name string, must bool, limit int, check func(string) bool) []string {
	var out []string
	for i, raw := range o.list(name, must, maxListSize) {
		element := fmt.Sprintf("%s/%d", name, i)
		if raw.Kind() != '"' {
			o.keep(o.fail(element, "is not a string"))
			return nil
		}
		s := o.checkText(element, raw, limit, check)
		if slices.Contains(out, s) {
			o.keep(o.fail(element, "stands twice: %q", clip(s)))
		}
		out = append(out, s)
	}
	return out
}

// time returns an RFC 3339 time in UTC, written with a capital T and Z.
func (o *object) time(name string) time.Time {
	s := o.text(name, optional, maxNameSize, isTime)
	if s == "" || o.err != nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.IsZero() {
		o.keep(o.fail(name, "is not a time: %q", clip(s)))
	}
	return t
}

// close returns the first error, or one about a member that is not known.
func (o *object) close(known ...string) error {
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		if !slices.Contains(known, name) {
			err := fault.New(fault.TrustMalformed, "%s has an unknown member %q", o.where(""), clip(name)).With("path", o.source)
			return err.WithHint("the nearest known member is %q", nearest(name, known))
		}
	}
	return o.err
}

// isName allows what can stand anywhere without quoting.
func isName(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._@:/+-", r))
	}) < 0
}

// isText allows anything but control characters.
func isText(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }) < 0
}

// isTypeURI allows printable ASCII without space.
func isTypeURI(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

func isFlag(s string) bool { return s == FlagUP || s == FlagUV }

// isTime checks the shape YYYY-MM-DDThh:mm:ss[.fraction]Z; time.Parse checks the rest.
func isTime(s string) bool {
	body, fraction, found := strings.Cut(strings.TrimSuffix(s, "Z"), ".")
	if !strings.HasSuffix(s, "Z") || found && (fraction == "" || len(fraction) > 9) {
		return false
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, body)
	return digits == "0000-00-00T00:00:00" && strings.Trim(fraction, "0123456789") == ""
}

// nearest returns the known name with the smallest edit distance.
func nearest(name string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int { return distance(clip(name), a) - distance(clip(name), b) })
}

// distance is the Levenshtein distance without regard to case.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
