package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// The kinds of extension that say a FIDO2 token made the signature. Each is a
// scheme of its own: a token signs authenticator data and a hash, so its
// signature verifies in no other scheme. The ext of both is the object
//
//	{"authenticatorData": "<standard base64>"}
//
// and sig is the token's raw signature: ASN.1 DER for P-256, 64 bytes for
// Ed25519. Key, relying party id and demanded flags come from trust alone.
const (
	// KindFIDO2 is that of SchemeFIDO2.
	KindFIDO2 = "application/vnd.stella.fido2-assertion+json;version=1"
	// KindSSHSig is that of SchemeSSHSig.
	KindSSHSig = "application/vnd.stella.sshsig+json;version=1"
)

// The flags that a trust entry can demand.
const (
	FlagUP = "up" // the token was touched
	FlagUV = "uv" // it knew its user, by PIN or finger
)

// AssertionKind returns the kind of extension of a scheme whose signatures a
// FIDO2 token makes, or "".
func AssertionKind(s Scheme) string {
	switch s {
	case SchemeFIDO2:
		return KindFIDO2
	case SchemeSSHSig:
		return KindSSHSig
	}
	return ""
}

// ClientDataHash returns what a token gets to sign, beside its own authenticator
// data, for a message in an assertion scheme:
//
//	SchemeFIDO2   SHA-256(PAE)
//	SchemeSSHSig  SHA-256 of the data that SSHSIG signs, see SSHSigNamespace
//
// A message without a payload type, which is a bare blob, is refused: its
// digest could be that of client data that a web page wants signed. The one
// exception is what SSHSig signs with an OpenSSH key, since that has a beginning
// and a namespace of its own.
func ClientDataHash(s Scheme, m dsse.Message) ([]byte, error) {
	switch {
	case s == SchemeSSHSig:
		return sshsigHash(m)
	case s != SchemeFIDO2:
		return nil, fault.New(fault.KeyUnsupported, "scheme %q has no assertions", s)
	case m.PayloadType() == "":
		return nil, refuseBare(s)
	}
	return m.Digest(crypto.SHA256)
}

func refuseBare(s Scheme) error {
	return fault.New(fault.SignatureScheme, "a %s key signs statements in envelopes, and no bare bytes", s).
		WithHint("sign a statement about the file: stella sign statement")
}

// NewAssertion returns the signature that a token's answer becomes in an
// envelope. It is well-formed, and verified only by the verifier of the scheme.
func NewAssertion(s Scheme, pub crypto.PublicKey, authenticatorData, sig []byte) (dsse.Signature, error) {
	if _, err := parseAssertionData(authenticatorData); err != nil {
		return dsse.Signature{}, err
	}
	id, err := keyID(pub)
	if err != nil {
		return dsse.Signature{}, err
	}
	ext := `{"authenticatorData":"` + base64.StdEncoding.EncodeToString(authenticatorData) + `"}`
	return dsse.Signature{
		KeyID: id, Sig: slices.Clone(sig),
		Extension: &dsse.Extension{Kind: AssertionKind(s), Ext: jsontext.Value(ext)},
	}, nil
}

// parseExtension returns the authenticator data of a signature. What the
// envelope says beside it would be unauthenticated, so nothing beside it may
// stand there.
func parseExtension(raw jsontext.Value) ([]byte, error) {
	var ext struct {
		AuthenticatorData *string `json:"authenticatorData"`
	}
	if err := json.Unmarshal(raw, &ext, json.RejectUnknownMembers(true)); err != nil || ext.AuthenticatorData == nil {
		return nil, malformedAssertion("its extension is not {\"authenticatorData\": …}")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(*ext.AuthenticatorData)
	if err != nil || base64.StdEncoding.EncodeToString(b) != *ext.AuthenticatorData { // the library passes over line breaks
		return nil, malformedAssertion("authenticatorData is not base64")
	}
	return b, nil
}

// NewAssertionVerifier returns a Verifier of the signatures that a FIDO2 token
// makes with the key pub in the scheme SchemeFIDO2 or SchemeSSHSig, under the
// relying party id and with the flags of want. It verifies nothing else: one
// with another kind of extension is fault.SignatureScheme, an ordinary one is
// fault.SignatureMismatch, since such a key makes none, and a good one without a
// flag that want demands is fault.SignatureFlags.
func NewAssertionVerifier(s Scheme, pub crypto.PublicKey, want FIDO2) (dsse.Verifier, error) {
	algorithm, err := AlgorithmOf(pub)
	switch {
	case err != nil:
		return nil, err
	case AssertionKind(s) == "" || !slices.Contains(schemesOf(algorithm), s):
		return nil, fault.New(fault.KeyUnsupported, "scheme %q does not fit an %s key", s, algorithm)
	case want.RPID == "" || len(want.Flags) == 0:
		return nil, fault.New(fault.KeyUnsupported, "a FIDO2 key needs a relying party id and the flags to demand")
	}
	return assertionVerifier{s, pub, FIDO2{want.RPID, slices.Clone(want.Flags)}}, nil
}

type assertionVerifier struct {
	scheme Scheme
	pub    crypto.PublicKey
	want   FIDO2
}

var _ dsse.Verifier = assertionVerifier{}

func (v assertionVerifier) Public() crypto.PublicKey { return v.pub }

// Verify checks the signature before it judges the flags, so that words about a
// missing touch are said of this key's signatures only.
func (v assertionVerifier) Verify(m dsse.Message, s dsse.Signature) error {
	switch {
	case s.Extension == nil:
		return fault.New(fault.SignatureMismatch, "the key is one of a FIDO2 token (scheme %q), which makes no ordinary signatures", v.scheme)
	case s.Extension.Kind != AssertionKind(v.scheme):
		return fault.New(fault.SignatureScheme, "signature has an extension that a key of scheme %q does not verify", v.scheme)
	}
	signed, err := parseExtension(s.Extension.Ext)
	if err != nil {
		return err
	}
	data, err := parseAssertionData(signed)
	if err != nil {
		return err
	}
	if want := sha256.Sum256([]byte(v.want.RPID)); subtle.ConstantTimeCompare(data.rpIDHash[:], want[:]) != 1 {
		return fault.New(fault.SignatureMismatch, "the token signed for another relying party id than %q", v.want.RPID)
	}
	hash, err := ClientDataHash(v.scheme, m)
	if err != nil {
		return err
	}
	if !verifyAssertion(v.pub, append(signed, hash...), s.Sig) {
		return fault.New(fault.SignatureMismatch, "FIDO2 assertion does not fit the key and the content")
	}
	return data.check(v.want)
}

// verifyAssertion verifies the raw signature of a token (WebAuthn level 2,
// section 6.3.3, step 11; COSE algorithms ES256 and EdDSA).
func verifyAssertion(pub crypto.PublicKey, signed, sig []byte) bool {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(signed)
		return k.Curve == elliptic.P256() && ecdsa.VerifyASN1(k, digest[:], sig)
	case ed25519.PublicKey:
		return len(k) == ed25519.PublicKeySize && ed25519.Verify(k, signed, sig)
	}
	return false
}
