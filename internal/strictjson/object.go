package strictjson

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/spelling"
)

// Whether a member must be there.
const (
	Optional = false
	Required = true
)

// maxTimeSize bounds the text of a time, in characters.
const maxTimeSize = 40

// Document is a small JSON document, such as a keys.json, that is read whole.
type Document struct {
	// Source is the file that it came from, for messages.
	Source string
	// Reason is the reason of every error about it.
	Reason fault.Reason
}

// Object reads one object of a document member by member and keeps the first
// error, so that a reader is a list of what it wants. Close must be called. It
// is not safe for concurrent use.
type Object struct {
	document Document
	pointer  string // RFC 6901, of the object
	members  map[string]jsontext.Value
	err      error
}

// Parse reads the object that is the whole of b. Duplicate members are refused
// at any depth.
func (d Document) Parse(b []byte) (*Object, error) {
	var raw jsontext.Value
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, d.syntaxError(err)
	}
	return d.Object("", raw), nil
}

// Object reads the object raw, which stands at pointer.
func (d Document) Object(pointer string, raw jsontext.Value) *Object {
	o := &Object{document: d, pointer: pointer}
	if raw.Kind() != '{' {
		o.Keep(o.Fail("", "is not an object"))
		return o
	}
	o.Keep(json.Unmarshal(raw, &o.members))
	return o
}

// syntaxError says where the JSON is broken. The library's words quote names
// of members only.
func (d Document) syntaxError(err error) error {
	out := fault.New(d.Reason, "malformed %s: not well-formed JSON", input.Display(d.Source)).With("path", d.Source)
	if errors.Is(err, jsontext.ErrDuplicateName) {
		out.Message = fmt.Sprintf("malformed %s: duplicate member", input.Display(d.Source))
	}
	if se, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		out.Message += fmt.Sprintf(" at byte %d", se.ByteOffset)
		if se.JSONPointer != "" {
			out.Message += fmt.Sprintf(" (%q)", clip(string(se.JSONPointer)))
		}
	}
	return out
}

// Keep makes err the object's error unless it has one.
func (o *Object) Keep(err error) {
	if o.err == nil {
		o.err = err
	}
}

// Err returns the first error so far.
func (o *Object) Err() error { return o.err }

// Where names the object, or a member of it, for a message.
func (o *Object) Where(member string) string {
	pointer := o.at(member)
	if pointer == "" {
		return "malformed " + input.Display(o.document.Source)
	}
	return fmt.Sprintf("malformed %s: %s", input.Display(o.document.Source), pointer)
}

func (o *Object) at(member string) string {
	if member == "" {
		return o.pointer
	}
	return o.pointer + "/" + member
}

// Fail returns an error about a member, or with "" about the object.
func (o *Object) Fail(member, format string, args ...any) *fault.Error {
	return fault.New(o.document.Reason, "%s %s", o.Where(member), fmt.Sprintf(format, args...)).
		With("path", o.document.Source).With("pointer", o.at(member))
}

// Refuse returns err, the error of a member's own reader, with its place. The
// reason is the document's.
func (o *Object) Refuse(member string, err error) *fault.Error {
	return fault.Wrap(o.document.Reason, err, "%s", o.Where(member)).
		With("path", o.document.Source).With("pointer", o.at(member))
}

// member returns a member of the wanted kind, or nil.
func (o *Object) member(name string, must bool, kind jsontext.Kind, what string) jsontext.Value {
	raw, ok := o.members[name]
	switch {
	case !ok && must:
		o.Keep(o.Fail(name, "is missing"))
	case ok && raw.Kind() != kind:
		o.Keep(o.Fail(name, "is not %s", what))
	case ok:
		return raw
	}
	return nil
}

// Has reports whether a member is there.
func (o *Object) Has(name string) bool { return o.members[name] != nil }

// Text returns a string of 1 to limit characters that passes check, which may
// be nil.
func (o *Object) Text(name string, must bool, limit int, check func(string) bool) string {
	raw := o.member(name, must, '"', "a string")
	if raw == nil {
		return ""
	}
	return o.checkText(name, raw, limit, check)
}

func (o *Object) checkText(name string, raw jsontext.Value, limit int, check func(string) bool) string {
	var s string
	o.Keep(json.Unmarshal(raw, &s))
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		o.Keep(o.Fail(name, "is empty"))
	case n > limit:
		o.Keep(o.Fail(name, "has more than %d characters", limit))
	case check != nil && !check(s):
		o.Keep(o.Fail(name, "has a value that is not allowed: %q", clip(s)))
	}
	return s
}

// Bytes returns the 1 to limit bytes that a string holds in base64.
func (o *Object) Bytes(name string, must bool, limit int) []byte {
	s := o.Text(name, must, (limit+2)/3*4, nil)
	if s == "" {
		return nil
	}
	return o.decode(name, s)
}

func (o *Object) decode(name, s string) []byte {
	b, err := DecodeBase64(s)
	if err != nil {
		o.Keep(o.Fail(name, "is not base64"))
	}
	return b
}

// List returns the elements of an array of at most limit.
func (o *Object) List(name string, must bool, limit int) []jsontext.Value {
	raw := o.member(name, must, '[', "an array")
	if raw == nil {
		return nil
	}
	var list []jsontext.Value
	o.Keep(json.Unmarshal(raw, &list))
	if len(list) > limit {
		o.Keep(o.Fail(name, "has more than %d elements", limit))
		return nil
	}
	return list
}

// Texts returns an array of at most most different strings, each as Text
// returns it.
func (o *Object) Texts(name string, must bool, most, limit int, check func(string) bool) []string {
	var out []string
	for i, raw := range o.List(name, must, most) {
		element := fmt.Sprintf("%s/%d", name, i)
		if raw.Kind() != '"' {
			o.Keep(o.Fail(element, "is not a string"))
			return nil
		}
		s := o.checkText(element, raw, limit, check)
		if slices.Contains(out, s) {
			o.Keep(o.Fail(element, "stands twice: %q", clip(s)))
		}
		out = append(out, s)
	}
	return out
}

// Blobs returns an array of at most most strings, each as Bytes returns it.
func (o *Object) Blobs(name string, must bool, most, limit int) [][]byte {
	var out [][]byte
	for i, s := range o.Texts(name, must, most, (limit+2)/3*4, nil) {
		out = append(out, o.decode(fmt.Sprintf("%s/%d", name, i), s))
	}
	return out
}

// Objects returns an array of at most most objects.
func (o *Object) Objects(name string, must bool, most int) []*Object {
	var out []*Object
	for i, raw := range o.List(name, must, most) {
		out = append(out, o.document.Object(fmt.Sprintf("%s/%s/%d", o.pointer, name, i), raw))
	}
	return out
}

// Child returns the object that is a member, or nil if it is not there.
func (o *Object) Child(name string) *Object {
	raw, ok := o.members[name]
	if !ok {
		return nil
	}
	return o.document.Object(o.at(name), raw)
}

// Time returns an RFC 3339 time in UTC, written with a capital T and Z, or the
// zero time if it is not there.
func (o *Object) Time(name string, must bool) time.Time {
	s := o.Text(name, must, maxTimeSize, isTime)
	if s == "" || o.err != nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.IsZero() {
		o.Keep(o.Fail(name, "is not a time: %q", clip(s)))
	}
	return t
}

// Close returns the first error, or one about a member that is not known.
func (o *Object) Close(known ...string) error {
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		if !slices.Contains(known, name) {
			err := fault.New(o.document.Reason, "%s has an unknown member %q", o.Where(""), clip(name)).With("path", o.document.Source)
			return err.WithHint("the nearest known member is %q", spelling.Closest(clip(name), known))
		}
	}
	return o.err
}

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

// clip bounds a string of the document in a message.
func clip(s string) string {
	const limit = 60
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
