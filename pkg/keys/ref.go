package keys

import (
	"net/url"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// FileScheme is the scheme of key files. A reference without a scheme has it.
const FileScheme = "file"

// Options that say where the secret of a key is. They never hold the secret.
const (
	OptionPassphraseFile = "passphrase-file"
	OptionPassphraseEnv  = "passphrase-env"
	OptionPINFile        = "pin-file"
	OptionPINEnv         = "pin-env"
)

// maxRefSize bounds a key reference, in bytes. PKCS #11 URIs are the longest
// and stay far below it.
const maxRefSize = 8 << 10

// Ref is a parsed key reference. It holds no secret and may be shown.
type Ref struct {
	scheme  string
	name    string
	options []option
}

type option struct{ name, value string }

// ParseRef parses a key reference.
//
// A reference that begins with a word of two or more characters and a colon
// has that scheme, in any case; anything else is a path, so C:\k is one and a
// file called a:b is written ./a:b. For scheme "file" what follows is a path
// as it is, without percent-encoding; file:///k is /k.
//
// The last "?" begins the options: name=value, joined by "&", values
// percent-encoded (RFC 3986, section 2.1). A file whose name has a "?" is
// therefore written with one more at its end: "odd?name?". The rule looks at
// the text alone and never at the disk, so that no file that appears somewhere
// changes what a reference means.
//
// For paths only the two options of this package are known. For other schemes
// the driver judges them. An option that would hold a secret itself, such as
// pin-value, is refused everywhere: a command line is readable by others.
func ParseRef(s string) (Ref, error) {
	if s == "" {
		return Ref{}, fault.New(fault.UsageInvalid, "empty key reference")
	}
	if len(s) > maxRefSize || strings.ContainsRune(s, 0) {
		return Ref{}, fault.New(fault.UsageInvalid, "key reference is over %d bytes long or has a zero byte", maxRefSize)
	}
	scheme, rest, explicit := splitScheme(s)
	name, query := splitQuery(rest)
	options, err := parseOptions(query)
	if err != nil {
		return Ref{}, err
	}
	r := Ref{scheme: scheme, name: name, options: options}
	if scheme != FileScheme {
		return r, nil
	}
	if explicit {
		if r.name, err = filePath(name); err != nil {
			return Ref{}, err
		}
	}
	if r.name == "" {
		return Ref{}, fault.New(fault.UsageInvalid, "key reference %q names no file", redact(s))
	}
	if err := r.CheckOptions(OptionPassphraseFile, OptionPassphraseEnv); err != nil {
		return Ref{}, err
	}
	return r, nil
}

// filePath returns the path that follows "file:". An authority (RFC 8089,
// section 2) must be empty.
func filePath(s string) (string, error) {
	path, found := strings.CutPrefix(s, "//")
	if !found {
		return s, nil
	}
	if !strings.HasPrefix(path, "/") {
		return "", fault.New(fault.UsageInvalid, "key reference %q names a host", "file:"+s).
			WithHint("write a path, or file:///PATH")
	}
	return path, nil
}

// FileRef returns the reference of a path, whatever characters it has.
func FileRef(path string) Ref { return Ref{scheme: FileScheme, name: path} }

// Scheme returns the scheme in lower case, FileScheme for a path.
func (r Ref) Scheme() string { return r.scheme }

// Name returns what stands between scheme and options: for files the path.
func (r Ref) Name() string { return r.name }

// Option returns the value of an option and whether it was given.
func (r Ref) Option(name string) (string, bool) {
	for _, o := range r.options {
		if o.name == name {
			return o.value, true
		}
	}
	return "", false
}

// WithName returns r with another name: for files another path.
func (r Ref) WithName(name string) Ref {
	r.name = name
	return r
}

// With returns r with an option more, or with another value for it.
func (r Ref) With(name, value string) Ref {
	options := slices.DeleteFunc(slices.Clone(r.options), func(o option) bool { return o.name == name })
	r.options = append(options, option{name, value})
	return r
}

// CheckOptions returns a usage error if r has an option that is not allowed.
func (r Ref) CheckOptions(allowed ...string) error {
	for _, o := range r.options {
		if !slices.Contains(allowed, o.name) {
			err := fault.New(fault.UsageInvalid, "unknown option %q in a key reference", o.name)
			if r.scheme == FileScheme {
				return err.WithHint("options of a key file are %s; a file whose name contains \"?\" is written with one more \"?\" at its end", joinNames(allowed))
			}
			return err.WithHint("options of %s: keys are %s", r.scheme, joinNames(allowed))
		}
	}
	return nil
}

// String returns a reference that parses to r.
func (r Ref) String() string {
	var b strings.Builder
	if _, _, explicit := splitScheme(r.name); explicit || r.scheme != FileScheme {
		b.WriteString(r.scheme + ":")
	}
	b.WriteString(r.name)
	switch {
	case len(r.options) > 0:
		b.WriteString("?")
		for i, o := range r.options {
			if i > 0 {
				b.WriteString("&")
			}
			b.WriteString(o.name + "=" + strings.ReplaceAll(url.QueryEscape(o.value), "+", "%20"))
		}
	case strings.Contains(r.name, "?"):
		b.WriteString("?")
	}
	return b.String()
}

// splitScheme follows RFC 3986, section 3.1, but wants two characters: one
// letter and a colon is a Windows drive.
func splitScheme(s string) (scheme, rest string, explicit bool) {
	head, rest, found := strings.Cut(s, ":")
	if !found || len(head) < 2 || !isSchemeText(head) {
		return FileScheme, s, false
	}
	return strings.ToLower(head), rest, true
}

func isSchemeText(s string) bool {
	for i, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		other := c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return true
}

func splitQuery(s string) (name, query string) {
	if i := strings.LastIndexByte(s, '?'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

func parseOptions(query string) ([]option, error) {
	if query == "" {
		return nil, nil
	}
	var out []option
	for part := range strings.SplitSeq(query, "&") {
		name, value, found := strings.Cut(part, "=")
		if slices.Contains([]string{"pin-value", "pin", "passphrase", "password", "secret"}, strings.ToLower(name)) {
			return nil, fault.New(fault.UsageInvalid, "option %q would put a secret into the key reference, where other users can read it", name).
				WithHint("put the secret into a file and name it with --passphrase-file or --pin-file")
		}
		if !found {
			name = "…" // who forgot the name may have written the secret
		}
		value, err := url.PathUnescape(value)
		if err != nil || value == "" {
			return nil, fault.New(fault.UsageInvalid, "malformed option %q in a key reference", name).
				WithHint("options are written NAME=VALUE; a file whose name contains \"?\" is written with one more \"?\" at its end")
		}
		if slices.ContainsFunc(out, func(o option) bool { return o.name == name }) {
			return nil, fault.New(fault.UsageInvalid, "option %q stands twice in a key reference", name)
		}
		out = append(out, option{name, value})
	}
	return out, nil
}

// redact returns a reference without its options, for messages about
// references that did not parse and may hold a secret.
func redact(s string) string {
	head, _, found := strings.Cut(s, "?")
	if found {
		return head + "?…"
	}
	return head
}
