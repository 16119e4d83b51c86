package keys

import (
	_ "embed"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// KeysJSONFormat is the format string of a keys.json. It changes when a reader
// of this version could misread a file.
const KeysJSONFormat = "stella.ops/keys@v1"

// Bounds of a keys.json.
const (
	// MaxKeysJSONSize bounds the file, in bytes.
	MaxKeysJSONSize = 1 << 20
	// maxNameSize bounds names, roles and tenants, in characters.
	maxNameSize = 128
	// maxTextSize bounds holders and reasons, in characters.
	maxTextSize = 256
	// maxTypeSize bounds a predicate type, in characters.
	maxTypeSize = 1024
	// maxListSize bounds the roles and the predicate types of an entry.
	maxListSize = 256
	// maxPEMSize bounds a key's PEM, in characters: RSA of 8,192 bits has 1.5 KB.
	maxPEMSize = 8 << 10
)

//go:embed keys.schema.json
var keysJSONSchema string

// KeysJSONSchema returns the JSON Schema (2020-12) of keys.json. What it cannot
// say stands in docs/formats/keys-json.md: ParseKeysJSON accepts nothing that
// the schema refuses.
func KeysJSONSchema() string { return keysJSONSchema }

// ParseKeysJSON parses a keys.json; source is its name for messages. All errors
// are fault.TrustMalformed with the JSON pointer of what is wrong, except for
// fault.InputTooLarge and a key of an algorithm that stella does not have,
// fault.KeyUnsupported.
func ParseKeysJSON(b []byte, source string) ([]TrustedKey, error) {
	if len(b) > MaxKeysJSONSize {
		return nil, fault.New(fault.InputTooLarge, "%s is larger than the limit of %d bytes for a keys.json", input.Display(source), MaxKeysJSONSize)
	}
	var raw jsontext.Value
	if err := json.Unmarshal(b, &raw); err != nil { // also refuses duplicates at any depth
		return nil, syntaxError(source, err)
	}
	top := readObject(source, "", raw)
	format := top.text("format", required, maxNameSize, nil)
	if top.err == nil && format != KeysJSONFormat {
		return nil, top.fail("format", "unknown format %q, want %q", format, KeysJSONFormat)
	}
	entries := top.list("keys", required, MaxTrustedKeys)
	if err := top.close("format", "keys"); err != nil {
		return nil, err
	}
	out := make([]TrustedKey, 0, len(entries))
	for i, entry := range entries {
		k, err := parseEntry(source, fmt.Sprintf("/keys/%d", i), entry)
		if err != nil {
			return nil, err
		}
		if err := checkUnique(out, k, i, source); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// loadJSON parses a JSON file of a trust path. In another kind of JSON document
// the format is missing, which is an error that a directory may pass over.
func loadJSON(path string, b []byte) ([]TrustedKey, error) {
	var head struct {
		Format jsontext.Value `json:"format"`
		Keys   jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(b, &head); err == nil && head.Format == nil && head.Keys == nil {
		return nil, withPath(path, notKeyError())
	}
	return ParseKeysJSON(b, path)
}

func parseEntry(source, pointer string, raw jsontext.Value) (TrustedKey, error) {
	o := readObject(source, pointer, raw)
	k := TrustedKey{
		Source:    source,
		Name:      o.text("name", required, maxNameSize, isName),
		Holder:    o.text("holder", optional, maxTextSize, isText),
		Tenant:    o.text("tenant", optional, maxNameSize, isName),
		Scheme:    Scheme(o.text("scheme", optional, maxNameSize, nil)),
		NotBefore: o.time("notBefore"),
		NotAfter:  o.time("notAfter"),
		RevokedAt: o.time("revokedAt"),
		Reason:    o.text("reason", optional, maxTextSize, isText),
		Roles:     o.texts("roles", optional, maxNameSize, isName),
	}
	k.PredicateTypes = o.texts("predicateTypes", required, maxTypeSize, isTypeURI)
	keyText := o.text("key", required, maxPEMSize, nil)
	k.Algorithm = Algorithm(o.text("algorithm", required, maxNameSize, nil))
	k.FIDO2 = parseFIDO2(o)
	if err := o.close("name", "key", "algorithm", "scheme", "holder", "roles", "notBefore", "notAfter",
		"revokedAt", "reason", "predicateTypes", "tenant", "fido2"); err != nil {
		return TrustedKey{}, err
	}
	return k, finishEntry(o, &k, keyText)
}

func parseFIDO2(entry *object) *FIDO2 {
	raw, ok := entry.members["fido2"]
	if !ok {
		return nil
	}
	o := readObject(entry.source, entry.pointer+"/fido2", raw)
	f := &FIDO2{RPID: o.text("rpId", required, maxTextSize, isTypeURI), Flags: o.texts("flags", required, maxNameSize, isFlag)}
	if err := o.close("rpId", "flags"); err != nil {
		entry.keep(err)
		return nil
	}
	if len(f.Flags) == 0 {
		entry.keep(o.fail("flags", "needs at least one of \"up\" and \"uv\""))
	}
	return f
}

// finishEntry checks what members say about each other.
func finishEntry(o *object, k *TrustedKey, keyText string) error {
	if len(k.PredicateTypes) == 1 && k.PredicateTypes[0] == anyType {
		k.PredicateTypes, k.AnyPredicateType = nil, true
	}
	if slices.Contains(k.PredicateTypes, anyType) {
		return o.fail("predicateTypes", "\"*\" stands for any type and must be alone")
	}
	if err := parseEntryKey(o, k, keyText); err != nil {
		return err
	}
	switch {
	case !k.NotBefore.IsZero() && !k.NotAfter.IsZero() && k.NotAfter.Before(k.NotBefore):
		return o.fail("notAfter", "lies before notBefore")
	case k.Reason != "" && k.RevokedAt.IsZero():
		return o.fail("reason", "is given for a key without revokedAt")
	case (AssertionKind(k.Scheme) != "") != (k.FIDO2 != nil):
		return o.fail("fido2", "goes together with scheme %q or %q", SchemeFIDO2, SchemeSSHSig)
	case k.Scheme == SchemeSSHSig && !strings.HasPrefix(k.FIDO2.RPID, SSHSigApplication):
		return o.fail("fido2/rpId", "does not begin with %q, as every application of OpenSSH does", SSHSigApplication)
	}
	return nil
}

func parseEntryKey(o *object, k *TrustedKey, text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != pemPublic || !isEncodingOf(block, text) {
		return o.fail("key", "is not one PEM block %q with lines of 64 characters", pemPublic)
	}
	parsed, err := parseSPKI(block.Bytes)
	if err != nil {
		return fault.Wrap(reasonInTrust(err), err, "%s", o.where("key")).With("path", o.source).With("pointer", o.pointer+"/key")
	}
	k.Public = parsed.Key
	stated := *k
	if err := k.complete(); err != nil {
		return o.fail("scheme", "%q does not fit the key, which is %s", stated.Scheme, k.Algorithm)
	}
	if stated.Algorithm != k.Algorithm {
		return o.fail("algorithm", "%q does not fit the key, which is %s", clip(string(stated.Algorithm)), k.Algorithm)
	}
	return nil
}

// isEncodingOf reports whether text is the block and nothing else, as openssl
// and we write it, with either line ending.
func isEncodingOf(block *pem.Block, text string) bool {
	want := strings.TrimSuffix(string(pem.EncodeToMemory(block)), "\n")
	return strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n") == want
}

// reasonInTrust keeps an unsupported algorithm apart from a broken file.
func reasonInTrust(err error) fault.Reason {
	if fault.ReasonOf(err) == fault.KeyUnsupported {
		return fault.KeyUnsupported
	}
	return fault.TrustMalformed
}

// checkUnique refuses a second entry of a name or a key: within one file even
// an equal one is a mistake.
func checkUnique(have []TrustedKey, k TrustedKey, i int, source string) error {
	for j := range have {
		member := ""
		switch {
		case have[j].Name == k.Name:
			member = "name"
		case publicEqual(have[j].Public, k.Public):
			member = "key"
		default:
			continue
		}
		return fault.New(fault.TrustMalformed, "malformed %s: /keys/%d and /keys/%d have the same %s", input.Display(source), j, i, member).
			WithHint("keep one entry for each key").With("path", source)
	}
	return nil
}

// syntaxError says where the JSON is broken. The library's words quote names
// of members only.
func syntaxError(source string, err error) error {
	out := fault.New(fault.TrustMalformed, "malformed %s: not well-formed JSON", input.Display(source)).With("path", source)
	if errors.Is(err, jsontext.ErrDuplicateName) {
		out.Message = fmt.Sprintf("malformed %s: duplicate member", input.Display(source))
	}
	if se, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		out.Message += fmt.Sprintf(" at byte %d", se.ByteOffset)
		if se.JSONPointer != "" {
			out.Message += fmt.Sprintf(" (%q)", clip(string(se.JSONPointer)))
		}
	}
	return out
}
