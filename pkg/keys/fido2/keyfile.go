package fido2

import (
	"bytes"
	"crypto"
	_ "embed"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/keys"
)

// KeyFileFormat is the format string of a key file. It changes when a reader of
// this version could misread a file.
const KeyFileFormat = "stella.ops/fido2-key@v1"

// maxKeyFile bounds a key file, in bytes: an RSA key of 4,096 bits takes 4 KB.
const maxKeyFile = 64 << 10

// Bounds of its members, in bytes.
const (
	saltSize      = 32
	nonceSize     = 12
	maxCredential = 1023 // WebAuthn level 2, section 4, "Credential ID"
	maxRPID       = 253
)

//go:embed key.schema.json
var keySchema string

// KeyFileSchema returns the JSON Schema (2020-12) of a key file. What it cannot
// say stands in docs/formats/fido2-key.md: ParseKeyFile accepts nothing that the
// schema refuses.
func KeyFileSchema() string { return keySchema }

// Whether a token has to verify its user. There is no preference: CTAP 2.1 has
// one hmac-secret with and another without, so enrolment and use must agree.
const (
	verificationRequired    = "required"
	verificationDiscouraged = "discouraged"
)

// KeyFile is the file of a key in mode fido2 or fido2-assertion.
type KeyFile struct {
	Format           string         `json:"format"`
	Mode             Mode           `json:"mode"`
	RPID             string         `json:"rpId"`
	CredentialID     []byte         `json:"credentialId"`
	UserVerification string         `json:"userVerification"`
	Algorithm        keys.Algorithm `json:"algorithm"`
	PublicKey        string         `json:"publicKey"` // PEM of the key that signs
	Wrapped          *Wrapped       `json:"wrapped,omitzero"`
}

// Wrapped is the private key of mode fido2, encrypted: see seal.
type Wrapped struct {
	Salt       []byte `json:"salt"`  // of hmac-secret, and of HKDF
	Nonce      []byte `json:"nonce"` // of AES-256-GCM
	Ciphertext []byte `json:"ciphertext,omitzero"`
}

// header returns what is authenticated with the ciphertext: the RFC 8785 form of
// the file without it.
func (f *KeyFile) header() ([]byte, error) {
	head := *f
	if f.Wrapped != nil {
		head.Wrapped = &Wrapped{Salt: f.Wrapped.Salt, Nonce: f.Wrapped.Nonce}
	}
	return head.canonical()
}

func (f *KeyFile) canonical() ([]byte, error) {
	b, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return canonical.Append(nil, b)
}

// marshal writes the file.
func (f *KeyFile) marshal() ([]byte, error) {
	b, err := json.Marshal(f, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "failed to encode the key file")
	}
	b = append(b, '\n')
	_, err = ParseKeyFile(b)
	return b, err
}

// ParseKeyFile parses a key file strictly: no unknown or duplicate members, no
// null, base64 in its one canonical form. An error is fault.KeyMalformed, and
// fault.KeyUnsupported for a format or mode that is not known.
func ParseKeyFile(b []byte) (*KeyFile, error) {
	if len(b) > maxKeyFile {
		return nil, fault.New(fault.InputTooLarge, "the key file is over the limit of %d bytes", maxKeyFile)
	}
	var head struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(b, &head); err != nil || head.Format == "" {
		return nil, malformed("not a JSON object with a format")
	}
	if head.Format != KeyFileFormat {
		return nil, fault.New(fault.KeyUnsupported, "unknown format of a FIDO2 key file").
			WithHint("this stella reads %q; a newer one may read the file", KeyFileFormat)
	}
	f := &KeyFile{}
	if err := json.Unmarshal(b, f, json.RejectUnknownMembers(true)); err != nil {
		return nil, malformed("a member is unknown or of the wrong type")
	}
	return f, f.check(b)
}

// check holds the file against its form. Written again it must be the same but
// for spaces and order, which leaves no room for null and odd base64.
func (f *KeyFile) check(b []byte) error {
	given, err := canonical.Append(nil, b)
	if err != nil {
		return malformed("not JSON that can be authenticated")
	}
	again, err := f.canonical()
	if err != nil || !bytes.Equal(given, again) {
		return malformed("a member is null, or not in its one form")
	}
	switch {
	case f.Mode != ModeWrapped && f.Mode != ModeAssertion:
		return fault.New(fault.KeyUnsupported, "unknown mode of a FIDO2 key file").
			WithHint("this stella knows %s and %s", ModeWrapped, ModeAssertion)
	case checkRPID(f.RPID) != nil:
		return malformed("the relying party id")
	case len(f.CredentialID) == 0 || len(f.CredentialID) > maxCredential:
		return malformed("the credential id")
	case f.UserVerification != verificationRequired && f.UserVerification != verificationDiscouraged:
		return malformed("userVerification")
	case (f.Mode == ModeWrapped) != (f.Wrapped != nil):
		return malformed("what is wrapped goes together with mode fido2")
	}
	if err := f.Wrapped.check(); err != nil {
		return err
	}
	_, err = f.public()
	return err
}

func (w *Wrapped) check() error {
	const tag = 16
	if w != nil && (len(w.Salt) != saltSize || len(w.Nonce) != nonceSize || len(w.Ciphertext) <= tag) {
		return malformed("salt, nonce or ciphertext has the wrong size")
	}
	return nil
}

// public returns the key that verifies. Its text must be the one that we write.
func (f *KeyFile) public() (crypto.PublicKey, error) {
	list, err := keys.ParsePublic([]byte(f.PublicKey))
	if err != nil || len(list) != 1 || list[0].Certificate != nil || list[0].FIDO2 != nil {
		return nil, malformed("the public key")
	}
	text, err := keys.MarshalPublic(list[0].Key)
	if err != nil || string(text) != f.PublicKey {
		return nil, malformed("the public key")
	}
	algorithm, err := keys.AlgorithmOf(list[0].Key)
	if err != nil || algorithm != f.Algorithm || f.Mode == ModeAssertion && !slices.Contains(tokenAlgorithms(), algorithm) {
		return nil, malformed("the algorithm does not fit key and mode")
	}
	return list[0].Key, nil
}

// tokenAlgorithms are those that tokens sign with.
func tokenAlgorithms() []keys.Algorithm { return []keys.Algorithm{keys.ECDSAP256, keys.Ed25519} }

// rpPrefix begins every relying party id that is made here. No browser lets a web
// page use an id with a colon, so no page gets a signature by such a key.
const rpPrefix = "stella:"

// defaultRPID is that of a key whose reference names none.
const defaultRPID = rpPrefix + "release"

func checkRPID(s string) error {
	graphic := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
	if !graphic || !strings.HasPrefix(s, rpPrefix) || len(s) == len(rpPrefix) || len(s) > maxRPID {
		return fault.New(fault.UsageInvalid, "relying party id %q does not begin with %q, or is no short ASCII text", s, rpPrefix).
			WithHint("write rp=%s", defaultRPID)
	}
	return nil
}

func malformed(what string) error {
	return fault.New(fault.KeyMalformed, "malformed FIDO2 key file: %s", what).
		WithHint("restore the file from a backup: it cannot be made again")
}
