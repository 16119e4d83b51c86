package keys

import (
	_ "embed"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// KeysJSONFormat is the format string of a keys.json. It changes when a reader
// of this version could misread a file.
const KeysJSONFormat = "stella.ops/keys@v1"

// anyType stands for every predicate type.
const anyType = "*"

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
	top, err := strictjson.Document{Source: source, Reason: fault.TrustMalformed}.Parse(b)
	if err != nil {
		return nil, err
	}
	format := top.Text("format", strictjson.Required, maxNameSize, nil)
	if top.Err() == nil && format != KeysJSONFormat {
		return nil, top.Fail("format", "unknown format %q, want %q", format, KeysJSONFormat)
	}
	entries := top.Objects("keys", strictjson.Required, MaxTrustedKeys)
	if err := top.Close("format", "keys"); err != nil {
		return nil, err
	}
	out := make([]TrustedKey, 0, len(entries))
	for i, entry := range entries {
		k, err := parseEntry(source, entry)
		if err != nil {
			return nil, err
		}
		if err := checkUnique(out, k, i, source); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	if err := checkHybrids(out); err != nil {
		return nil, err
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

func parseEntry(source string, o *strictjson.Object) (TrustedKey, error) {
	types := o.Texts("predicateTypes", strictjson.Required, maxListSize, maxTypeSize, strictjson.IsPrintable)
	hybrid := o.Text("hybrid", strictjson.Optional, maxNameSize, strictjson.IsName)
	k := ReadEntry(source, o)
	k.PredicateTypes, k.Hybrid = types, hybrid
	if hybrid != "" && !o.Has("holder") {
		o.Keep(o.Fail("hybrid", "is given for a key without holder"))
	}
	if err := o.Close(append(EntryMembers(), "predicateTypes", "hybrid")...); err != nil {
		return TrustedKey{}, err
	}
	if len(k.PredicateTypes) == 1 && k.PredicateTypes[0] == anyType {
		k.PredicateTypes, k.AnyPredicateType = nil, true
	}
	if slices.Contains(k.PredicateTypes, anyType) {
		return TrustedKey{}, o.Fail("predicateTypes", "\"*\" stands for any type and must be alone")
	}
	return k, nil
}

// EntryMembers are the members that an entry of a keys.json and one of a
// keyring have alike.
func EntryMembers() []string {
	return []string{"name", "key", "algorithm", "scheme", "holder", "roles", "notBefore", "notAfter",
		"revokedAt", "reason", "tenant", "fido2", "hardware"}
}

// ReadEntry reads the members of EntryMembers, and keeps in o what is wrong
// with them. The key may sign nothing yet.
func ReadEntry(source string, o *strictjson.Object) TrustedKey {
	k := TrustedKey{
		Source:    source,
		Name:      o.Text("name", strictjson.Required, maxNameSize, strictjson.IsName),
		Holder:    o.Text("holder", strictjson.Optional, maxTextSize, strictjson.IsText),
		Tenant:    o.Text("tenant", strictjson.Optional, maxNameSize, strictjson.IsName),
		Scheme:    Scheme(o.Text("scheme", strictjson.Optional, maxNameSize, nil)),
		NotBefore: o.Time("notBefore", strictjson.Optional),
		NotAfter:  o.Time("notAfter", strictjson.Optional),
		RevokedAt: o.Time("revokedAt", strictjson.Optional),
		Reason:    o.Text("reason", strictjson.Optional, maxTextSize, strictjson.IsText),
		Roles:     o.Texts("roles", strictjson.Optional, maxListSize, maxNameSize, strictjson.IsName),
		Algorithm: Algorithm(o.Text("algorithm", strictjson.Required, maxNameSize, nil)),
		FIDO2:     readFIDO2(o),
		Hardware:  readHardware(o),
	}
	text := o.Text("key", strictjson.Required, maxPEMSize, nil)
	if o.Err() == nil {
		o.Keep(finishEntry(o, &k, text))
	}
	return k
}

// readFIDO2 reads the member "fido2"; nil if it is not there.
func readFIDO2(entry *strictjson.Object) *FIDO2 {
	o := entry.Child("fido2")
	if o == nil {
		return nil
	}
	f := &FIDO2{
		RPID:  o.Text("rpId", strictjson.Required, maxTextSize, strictjson.IsPrintable),
		Flags: o.Texts("flags", strictjson.Required, maxListSize, maxNameSize, isFlag),
	}
	if err := o.Close("rpId", "flags"); err != nil {
		entry.Keep(err)
		return nil
	}
	if len(f.Flags) == 0 {
		entry.Keep(o.Fail("flags", "needs at least one of \"up\" and \"uv\""))
	}
	return f
}

// readHardware reads the member "hardware"; nil if it is not there.
func readHardware(entry *strictjson.Object) *Hardware {
	o := entry.Child("hardware")
	if o == nil {
		return nil
	}
	h := &Hardware{
		Format:     o.Text("attestation", strictjson.Required, maxNameSize, strictjson.IsName),
		Roots:      o.Texts("roots", strictjson.Required, maxListSize, maxTextSize, isFingerprint),
		VerifiedAt: o.Time("verifiedAt", strictjson.Required),
	}
	if err := o.Close("attestation", "roots", "verifiedAt"); err != nil {
		entry.Keep(err)
		return nil
	}
	if len(h.Roots) == 0 {
		entry.Keep(o.Fail("roots", "is empty"))
	}
	return h
}

// isFingerprint allows sha256: and 64 lower-case hex digits.
func isFingerprint(s string) bool {
	digits, found := strings.CutPrefix(s, "sha256:")
	return found && len(digits) == 64 && strings.Trim(digits, "0123456789abcdef") == ""
}

func isFlag(s string) bool { return s == FlagUP || s == FlagUV }

// finishEntry checks what members say about each other.
func finishEntry(o *strictjson.Object, k *TrustedKey, keyText string) error {
	if err := k.readKey(o, keyText); err != nil {
		return err
	}
	switch {
	case !k.NotBefore.IsZero() && !k.NotAfter.IsZero() && k.NotAfter.Before(k.NotBefore):
		return o.Fail("notAfter", "lies before notBefore")
	case k.Reason != "" && k.RevokedAt.IsZero():
		return o.Fail("reason", "is given for a key without revokedAt")
	case (AssertionKind(k.Scheme) != "") != (k.FIDO2 != nil):
		return o.Fail("fido2", "goes together with scheme %q or %q", SchemeFIDO2, SchemeSSHSig)
	case k.Scheme == SchemeSSHSig && !strings.HasPrefix(k.FIDO2.RPID, SSHSigApplication):
		return o.Fail("fido2/rpId", "does not begin with %q, as every application of OpenSSH does", SSHSigApplication)
	}
	return nil
}

// readKey sets the key from the member "key", and checks that algorithm and
// scheme, as they were read, fit it.
func (k *TrustedKey) readKey(o *strictjson.Object, text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != pemPublic || !isEncodingOf(block, text) {
		return o.Fail("key", "is not one PEM block %q with lines of 64 characters", pemPublic)
	}
	parsed, err := parseSPKI(block.Bytes)
	if err != nil {
		failure := o.Refuse("key", err)
		if fault.ReasonOf(err) == fault.KeyUnsupported { // told apart from a broken file
			failure.Reason = fault.KeyUnsupported
		}
		return failure
	}
	k.Public = parsed.Key
	stated := *k
	if err := k.Complete(); err != nil {
		return o.Fail("scheme", "%q does not fit the key, which is %s", stated.Scheme, k.Algorithm)
	}
	if stated.Algorithm != k.Algorithm {
		return o.Fail("algorithm", "%q does not fit the key, which is %s", clip(string(stated.Algorithm)), k.Algorithm)
	}
	return nil
}

// isEncodingOf reports whether text is the block and nothing else, as openssl
// and we write it, with either line ending.
func isEncodingOf(block *pem.Block, text string) bool {
	want := strings.TrimSuffix(string(pem.EncodeToMemory(block)), "\n")
	return strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n") == want
}

// checkUnique refuses a second entry of a name or a key: within one file even
// an equal one is a mistake.
func checkUnique(have []TrustedKey, k TrustedKey, i int, source string) error {
	for j := range have {
		member := ""
		switch {
		case have[j].Name == k.Name:
			member = "name"
		case Equal(have[j].Public, k.Public):
			member = "key"
		default:
			continue
		}
		return fault.New(fault.TrustMalformed, "malformed %s: /keys/%d and /keys/%d have the same %s", input.Display(source), j, i, member).
			WithHint("keep one entry for each key").With("path", source)
	}
	return nil
}
