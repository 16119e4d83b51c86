package pkcs11

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// URI is a PKCS #11 URI (RFC 7512, section 2.3). An empty field was not given
// and fits anything.
type URI struct {
	// The token: its label, maker, model and serial number, as it shows them.
	Token, Manufacturer, Model, Serial string
	// SlotID is the slot that the token is in, in decimal.
	SlotID string

	// The object: CKA_ID, CKA_LABEL, and one of the types of RFC 7512.
	ID     []byte
	Object string
	Type   string

	// The module, by path or by name, and where the PIN is.
	ModulePath, ModuleName string
	PINSource              string // file:PATH or PATH
	// PINFile and PINEnv are stella's own way to say where the PIN is.
	PINFile, PINEnv string
}

// The object types of RFC 7512, section 2.3.
const (
	typePrivate = "private"
	typePublic  = "public"
	typeCert    = "cert"
)

func objectTypes() []string { return []string{typePrivate, typePublic, typeCert, "secret-key", "data"} }

// attribute is one attribute of a URI and its place in the struct.
type attribute struct {
	name  string
	value *string
}

// path returns the attributes before "?", but id, in the order in which they are written.
func (u *URI) path() []attribute {
	return []attribute{
		{"token", &u.Token},
		{"manufacturer", &u.Manufacturer},
		{"model", &u.Model},
		{"serial", &u.Serial},
		{"slot-id", &u.SlotID},
		{"object", &u.Object},
		{"type", &u.Type},
	}
}

// query returns the attributes after "?", in the order in which they are written.
func (u *URI) query() []attribute {
	return []attribute{
		{"module-path", &u.ModulePath},
		{"module-name", &u.ModuleName},
		{"pin-source", &u.PINSource},
		{keys.OptionPINFile, &u.PINFile},
		{keys.OptionPINEnv, &u.PINEnv},
	}
}

// ParseURI parses a reference of this scheme.
//
// The grammar is that of RFC 7512, section 2.3, read strictly: attributes are
// separated by ";" before the "?" and by "&" after it, stand once, and have a
// value; characters that the grammar does not list are percent-encoded. The
// RFC lets a consumer ignore attributes that it does not know; here they are
// refused, since an attribute that is ignored widens what a reference fits.
// So is pin-value, which would put the PIN where others can read it.
//
// No error repeats a value: the reference may hold a PIN in the wrong place.
func ParseURI(ref keys.Ref) (URI, error) {
	if ref.Scheme() != Scheme {
		return URI{}, fault.New(fault.UsageInvalid, "key reference has scheme %q, not %q", ref.Scheme(), Scheme)
	}
	var u URI
	if err := u.parsePath(ref.Name()); err != nil {
		return URI{}, err
	}
	if err := ref.CheckOptions(names(u.query())...); err != nil {
		return URI{}, err
	}
	for _, a := range u.query() {
		*a.value, _ = ref.Option(a.name)
	}
	return u, u.check()
}

func (u *URI) parsePath(path string) error {
	if path == "" {
		return nil // every token and key, as in "keys list --driver pkcs11"
	}
	seen := make(map[string]bool)
	for part := range strings.SplitSeq(path, ";") {
		name, value, found := strings.Cut(part, "=")
		switch {
		case !found || name == "":
			return malformed("it has a part that is not NAME=VALUE")
		case name == "pin-value":
			return fault.New(fault.UsageInvalid, "attribute %q would put the PIN into the key reference, where other users can read it", name).
				WithHint("put the PIN into a file and name it with pin-source=file:PATH after a \"?\"")
		case seen[name]:
			return malformed("attribute %q stands twice", name)
		}
		seen[name] = true
		decoded, err := decode(name, value)
		if err != nil {
			return err
		}
		if err := u.set(name, decoded); err != nil {
			return err
		}
	}
	return nil
}

// set takes one decoded attribute of the path.
func (u *URI) set(name string, value []byte) error {
	if name == "id" {
		u.ID = value
		return nil
	}
	i := slices.IndexFunc(u.path(), func(a attribute) bool { return a.name == name })
	switch {
	case i < 0:
		return u.unknown(name)
	case !utf8.Valid(value) || slices.Contains(value, 0):
		return malformed("attribute %q is not UTF-8 text", name)
	}
	*u.path()[i].value = string(value)
	return nil
}

func (u *URI) unknown(name string) error {
	known := append(names(u.path()), "id")
	if slices.Contains(names(u.query()), name) {
		return malformed("attribute %q stands before the \"?\"", name).WithHint("write pkcs11:…?%s=…", name)
	}
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") != "" || len(name) > 30 {
		return malformed("it has an unknown attribute").WithHint("attributes are %s", strings.Join(known, ", "))
	}
	return malformed("unknown attribute %q", name).WithHint("attributes are %s", strings.Join(known, ", "))
}

func (u *URI) check() error {
	if u.SlotID != "" {
		if n, err := strconv.ParseUint(u.SlotID, 10, 32); err != nil || strconv.FormatUint(n, 10) != u.SlotID {
			return malformed("slot-id is not a decimal number of 32 bits")
		}
	}
	if u.Type != "" && !slices.Contains(objectTypes(), u.Type) {
		return malformed("unknown type of object").WithHint("types are %s", strings.Join(objectTypes(), ", "))
	}
	if u.ModulePath != "" && u.ModuleName != "" {
		return malformed("module-path and module-name both name a module")
	}
	if strings.ContainsAny(u.ModuleName, `/\`) {
		return malformed("module-name is a path").WithHint("write module-path=/PATH")
	}
	return nil
}

// slot returns the slot id, if one was given. check saw that it is a number.
func (u URI) slot() (id uint, given bool) {
	n, err := strconv.ParseUint(u.SlotID, 10, 32)
	return uint(n), err == nil
}

// String returns the URI in its normal form, which parses to u.
func (u URI) String() string {
	var path, query []string
	for _, a := range u.path() {
		if a.name == "object" && len(u.ID) > 0 {
			path = append(path, "id="+encodeID(u.ID))
		}
		if *a.value != "" {
			path = append(path, a.name+"="+encode(*a.value))
		}
	}
	for _, a := range u.query() {
		if *a.value != "" {
			query = append(query, a.name+"="+strings.ReplaceAll(url.QueryEscape(*a.value), "+", "%20"))
		}
	}
	s := Scheme + ":" + strings.Join(path, ";")
	if len(query) > 0 {
		s += "?" + strings.Join(query, "&")
	}
	return s
}

// Ref returns the URI as a key reference.
func (u URI) Ref() (keys.Ref, error) { return keys.ParseRef(u.String()) }

// pathMarks are the characters of pk11-pchar (RFC 7512, section 2.3) that are
// not letters or digits, for attributes before the "?".
const pathMarks = "-._~:[]@!$'()*+,=&"

// decode undoes percent-encoding and refuses characters that need it.
func decode(name, value string) ([]byte, error) {
	if value == "" {
		return nil, malformed("attribute %q is empty", name).WithHint("leave it out to fit any")
	}
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '%':
			b, err := strconv.ParseUint(value[i+1:min(i+3, len(value))], 16, 8)
			if err != nil || i+3 > len(value) || value[i+1] == '+' {
				return nil, malformed("attribute %q has a %% without two hex digits", name)
			}
			out = append(out, byte(b))
			i += 2
		case isPathChar(c):
			out = append(out, c)
		default:
			return nil, malformed("attribute %q has a character that has to be percent-encoded", name).
				WithHint(`write a space as %%20, "/" as %%2F, "?" as %%3F`)
		}
	}
	return out, nil
}

func isPathChar(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(pathMarks, c) >= 0
}

func encode(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if isPathChar(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// encodeID writes every byte as %XX (RFC 7512, section 2.3, recommends so).
func encodeID(id []byte) string {
	var b strings.Builder
	for _, c := range id {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// pinFile returns the path of a pin-source: a file URI (RFC 8089) or a path. The
// RFC also knows commands; a reference that runs something is refused.
func pinFile(source string) (string, error) {
	path, isURI := strings.CutPrefix(source, "file:")
	if isURI {
		path = strings.TrimPrefix(path, "//")
	}
	if !strings.HasPrefix(path, "/") {
		return "", malformed("pin-source names no file").WithHint("write pin-source=file:/PATH; an askpass program is given with --askpass")
	}
	return path, nil
}

func names(list []attribute) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.name
	}
	return out
}

func malformed(format string, args ...any) *fault.Error {
	return fault.New(fault.UsageInvalid, "malformed PKCS #11 reference: "+format, args...)
}
