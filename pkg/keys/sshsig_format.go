package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ssh"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

const pemSSHSig = "SSH SIGNATURE"

// FormatSSHSig returns a signature in SchemeSSHSig, out of an envelope, as the file
// that "ssh-keygen -Y verify -n stella-dsse" takes; what it covers is the PAE. It
// verifies nothing. SSHSig is for signatures over files.
func FormatSSHSig(pub crypto.PublicKey, application string, s dsse.Signature) ([]byte, error) {
	key := TrustedKey{Public: pub, Scheme: SchemeSSHSig, FIDO2: &FIDO2{RPID: application}}
	return formatSSHSig(&key, SSHSigNamespace, s)
}

// formatSSHSig writes a signature over what SSHSIG signs as the file of OpenSSH
// (PROTOCOL.sshsig, "Blob format").
func formatSSHSig(key *TrustedKey, namespace string, s dsse.Signature) ([]byte, error) {
	public, err := sshBlob(key)
	if err != nil {
		return nil, err
	}
	signature, err := sshSignature(key, s)
	if err != nil {
		return nil, err
	}
	blob := append([]byte(sshsigMagic), ssh.Marshal(struct {
		Version                   uint32
		Key                       []byte
		Namespace, Reserved, Hash string
		Signature                 []byte
	}{1, public, namespace, "", sshsigHashName, signature})...)
	return armorSSHSig(blob), nil
}

// sshSignature returns a signature in the encoding of OpenSSH: its kind and what
// the kind has, and from a token its flags and counter (PROTOCOL.u2f, "SSH U2F
// signatures").
func sshSignature(key *TrustedKey, s dsse.Signature) ([]byte, error) {
	raw, err := sshRawSignature(key.Public, s.Sig)
	if err != nil {
		return nil, err
	}
	if key.Scheme != SchemeSSHSig {
		if s.Extension != nil {
			return nil, notOpenSSH()
		}
		return ssh.Marshal(struct {
			Kind string
			Raw  []byte
		}{sshSignatureKind(key.Public), raw}), nil
	}
	if s.Extension == nil || s.Extension.Kind != KindSSHSig {
		return nil, notOpenSSH()
	}
	signed, err := parseExtension(s.Extension.Ext)
	if err != nil {
		return nil, err
	}
	data, err := parseAssertionData(signed)
	if err != nil {
		return nil, err
	}
	return ssh.Marshal(struct {
		Kind    string
		Raw     []byte
		Flags   byte
		Counter uint32
	}{securityKeyKind(key.Public), raw, data.flags, data.counter}), nil
}

func notOpenSSH() error {
	return fault.New(fault.SignatureScheme, "the signature is not one that OpenSSH knows").
		WithHint("sign with an OpenSSH key on a FIDO2 token")
}

// armorSSHSig is PEM but for its lines of 70 characters.
func armorSSHSig(blob []byte) []byte {
	const width = 70
	text := pem.EncodeToMemory(&pem.Block{Type: pemSSHSig, Bytes: blob})
	body := strings.Split(strings.TrimSpace(string(text)), "\n")
	joined := strings.Join(body[1:len(body)-1], "")
	var b strings.Builder
	b.WriteString(body[0] + "\n")
	for len(joined) > 0 {
		n := min(width, len(joined))
		b.WriteString(joined[:n] + "\n")
		joined = joined[n:]
	}
	b.WriteString(body[len(body)-1] + "\n")
	return []byte(b.String())
}

// sshRawSignature returns a signature in the encoding of OpenSSH: two mpints for
// ECDSA (RFC 5656, section 3.1.2), the bytes themselves for Ed25519 and RSA.
func sshRawSignature(pub crypto.PublicKey, sig []byte) ([]byte, error) {
	if _, ok := pub.(*ecdsa.PublicKey); !ok {
		return sig, nil
	}
	var r, s big.Int
	var inner cryptobyte.String
	input := cryptobyte.String(sig)
	if !input.ReadASN1(&inner, cbasn1.SEQUENCE) || !input.Empty() ||
		!inner.ReadASN1Integer(&r) || !inner.ReadASN1Integer(&s) || !inner.Empty() {
		return nil, malformedAssertion("its signature is not ASN.1 DER")
	}
	return ssh.Marshal(struct{ R, S *big.Int }{&r, &s}), nil
}

// sshSignatureKind is OpenSSH's name for what an ordinary key signs, "" for a kind
// of key that it does not know. RSA signs with SHA-256 (RFC 8332, section 3).
func sshSignatureKind(pub crypto.PublicKey) string {
	switch k := pub.(type) {
	case ed25519.PublicKey:
		return ssh.KeyAlgoED25519
	case *rsa.PublicKey:
		return ssh.KeyAlgoRSASHA256
	case *ecdsa.PublicKey:
		switch k.Curve.Params().BitSize {
		case 256:
			return ssh.KeyAlgoECDSA256
		case 384:
			return ssh.KeyAlgoECDSA384
		}
	}
	return ""
}

// securityKeyKind is OpenSSH's name for a kind of key on a token, or "".
func securityKeyKind(pub crypto.PublicKey) string {
	switch pub.(type) {
	case *ecdsa.PublicKey:
		return ssh.KeyAlgoSKECDSA256
	case ed25519.PublicKey:
		return ssh.KeyAlgoSKED25519
	}
	return ""
}

// MarshalSSHPublic writes a public key as the line that OpenSSH has in KEY.pub,
// with k's name for the comment. A key that signs as OpenSSH does not is
// fault.KeyUnsupported. LoadTrust reads the line.
func MarshalSSHPublic(k *TrustedKey) ([]byte, error) {
	blob, err := sshBlob(k)
	if err != nil {
		return nil, err
	}
	line := sshKind(k) + " " + base64.StdEncoding.EncodeToString(blob)
	if k.Name != "" {
		line += " " + k.Name
	}
	return []byte(line + "\n"), nil
}

func sshKind(k *TrustedKey) string {
	if k.Scheme == SchemeSSHSig {
		return securityKeyKind(k.Public)
	}
	if _, isRSA := k.Public.(*rsa.PublicKey); isRSA {
		return ssh.KeyAlgoRSA
	}
	return sshSignatureKind(k.Public)
}

// sshBlob encodes a public key as OpenSSH does.
func sshBlob(k *TrustedKey) ([]byte, error) {
	switch {
	case k.Scheme == SchemeSSHSig && k.FIDO2 != nil:
		return marshalSecurityKey(k.Public, k.FIDO2.RPID)
	case k.Scheme == SchemeFIDO2 || k.Scheme == SchemeSSHSig:
		return nil, fault.New(fault.KeyUnsupported, "OpenSSH knows no signatures of the scheme %q", SchemeFIDO2).
			WithHint("use an OpenSSH key on the token: ssh-keygen -t ed25519-sk -O application=%sstella -f FILE, then fido2:FILE", SSHSigApplication)
	case k.Scheme == SchemeRSAPSS, sshSignatureKind(k.Public) == "":
		return nil, fault.New(fault.KeyUnsupported, "OpenSSH has no keys like this one").
			WithHint("use an Ed25519, ECDSA or RSA key")
	}
	pub, err := ssh.NewPublicKey(k.Public)
	if err != nil {
		return nil, fault.New(fault.KeyUnsupported, "OpenSSH has no keys like this one")
	}
	return bytes.Clone(pub.Marshal()), nil
}

// marshalSecurityKey encodes the public key (PROTOCOL.u2f, "SSH U2F Key formats").
func marshalSecurityKey(pub crypto.PublicKey, application string) ([]byte, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil || len(point) != 65 {
			return nil, fault.New(fault.KeyUnsupported, "OpenSSH has no tokens with such an ECDSA key")
		}
		return ssh.Marshal(struct {
			Kind, Curve string
			Point       []byte
			Application string
		}{ssh.KeyAlgoSKECDSA256, "nistp256", point, application}), nil
	case ed25519.PublicKey:
		return ssh.Marshal(struct {
			Kind        string
			Key         []byte
			Application string
		}{ssh.KeyAlgoSKED25519, k, application}), nil
	}
	return nil, fault.New(fault.KeyUnsupported, "OpenSSH has no tokens with a key of type %T", pub)
}
