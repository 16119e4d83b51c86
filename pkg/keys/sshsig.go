package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/pem"
	"math/big"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ssh"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// SSHSigNamespace is the namespace of signatures in SchemeSSHSig. It keeps them
// apart from those that ssh-keygen makes over files and git over commits.
const SSHSigNamespace = "stella-dsse"

// SSHSigApplication begins the relying party id of every OpenSSH key on a FIDO2
// token (OpenSSH, PROTOCOL.u2f, "Key Generation").
const SSHSigApplication = "ssh:"

const (
	sshsigMagic    = "SSHSIG" // six bytes, without a length
	sshsigHashName = "sha512"
	pemSSHSig      = "SSH SIGNATURE"
)

// sshsigHash is what a token signs for ssh-keygen -Y sign -n stella-dsse over
// the PAE of m: SHA-256 of what SSHSIG signs (OpenSSH, PROTOCOL.sshsig, "Signed
// Data, of which the signature goes into the blob above").
func sshsigHash(m dsse.Message) ([]byte, error) {
	digest, err := m.Digest(crypto.SHA512)
	if err != nil {
		return nil, err
	}
	signed := append([]byte(sshsigMagic), ssh.Marshal(struct {
		Namespace, Reserved, Hash string
		Digest                    []byte
	}{SSHSigNamespace, "", sshsigHashName, digest})...)
	sum := sha256.Sum256(signed)
	return sum[:], nil
}

// FormatSSHSig returns a signature in SchemeSSHSig as the file that
// "ssh-keygen -Y verify -n stella-dsse" takes (PROTOCOL.sshsig, "Armored
// format" and "Blob format"); what it covers is the PAE. It verifies nothing.
func FormatSSHSig(pub crypto.PublicKey, application string, s dsse.Signature) ([]byte, error) {
	if s.Extension == nil || s.Extension.Kind != KindSSHSig {
		return nil, fault.New(fault.SignatureScheme, "the signature is not one that OpenSSH knows").
			WithHint("sign with an OpenSSH key on a FIDO2 token")
	}
	signed, err := parseExtension(s.Extension.Ext)
	if err != nil {
		return nil, err
	}
	data, err := parseAssertionData(signed)
	if err != nil {
		return nil, err
	}
	key, err := marshalSecurityKey(pub, application)
	if err != nil {
		return nil, err
	}
	raw, err := sshRawSignature(pub, s.Sig)
	if err != nil {
		return nil, err
	}
	signature := ssh.Marshal(struct {
		Kind    string
		Raw     []byte
		Flags   byte
		Counter uint32
	}{securityKeyKind(pub), raw, data.flags, data.counter})
	blob := append([]byte(sshsigMagic), ssh.Marshal(struct {
		Version                   uint32
		Key                       []byte
		Namespace, Reserved, Hash string
		Signature                 []byte
	}{1, key, SSHSigNamespace, "", sshsigHashName, signature})...)
	return armorSSHSig(blob), nil
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

// sshRawSignature returns a token's signature in the encoding of OpenSSH: two
// mpints for ECDSA (RFC 5656, section 3.1.2), the 64 bytes for Ed25519.
func sshRawSignature(pub crypto.PublicKey, sig []byte) ([]byte, error) {
	if _, ok := pub.(ed25519.PublicKey); ok {
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
