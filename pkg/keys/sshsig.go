package keys

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse"
)

// SSHSigNamespace is the namespace of signatures in SchemeSSHSig. It keeps them
// apart from those that ssh-keygen makes over files and git over commits.
const SSHSigNamespace = "stella-dsse"

// SSHSigFile is the namespace that OpenSSH proposes for signatures over files
// (ssh-keygen(1), option -Y sign).
const SSHSigFile = "file"

// SSHSigApplication begins the relying party id of every OpenSSH key on a FIDO2
// token (OpenSSH, PROTOCOL.u2f, "Key Generation").
const SSHSigApplication = "ssh:"

const (
	sshsigMagic    = "SSHSIG" // six bytes, without a length
	sshsigHashName = "sha512"
	// maxNamespace bounds a namespace, in bytes. OpenSSH has no limit of its own.
	maxNamespace = 255
	// maxSSHSigSigned bounds what is signed in the end: magic, namespace, names and
	// a digest.
	maxSSHSigSigned = 512
)

// SSHSig is content that is signed as "ssh-keygen -Y sign" does, in a namespace.
type SSHSig struct {
	namespace string
	message   dsse.Message
}

// NewSSHSig reads content, which may be large, once. The namespace is that of
// ssh-keygen's option -n: SSHSigFile, or one of the user's own.
//
// An empty namespace, one that is not printable ASCII and SSHSigNamespace are
// fault.UsageInvalid: a signature in the last would be one over an envelope.
func NewSSHSig(namespace string, content dsse.Content) (*SSHSig, error) {
	switch {
	case namespace == SSHSigNamespace:
		return nil, fault.New(fault.UsageInvalid, "the namespace %q is for statements in envelopes", namespace).
			WithHint("sign a statement: stella sign statement; or choose another namespace")
	case namespace == "" || len(namespace) > maxNamespace || !strictjson.IsPrintable(namespace):
		return nil, fault.New(fault.UsageInvalid, "%q is not the name of a namespace", clip(namespace)).
			WithHint("write up to %d printable characters, such as %s", maxNamespace, SSHSigFile)
	}
	h := sha512.New()
	n, err := content.WriteTo(h)
	if err == nil && n != content.Size() {
		err = fmt.Errorf("content has %d bytes, not the %d it was announced with", n, content.Size())
	}
	if err != nil {
		return nil, err
	}
	message, err := dsse.NewSSHSIG(sshsigSigned(namespace, h.Sum(nil)))
	return &SSHSig{namespace, message}, err
}

// Sign has a key sign and returns the file that "ssh-keygen -Y verify" takes
// (PROTOCOL.sshsig, "Armored format"). Ed25519, ECDSA P-256 and P-384 and RSA keys
// do, and OpenSSH keys on a FIDO2 token; others are fault.KeyUnsupported before
// they are used.
func (s *SSHSig) Sign(ctx context.Context, signer dsse.Signer) ([]byte, error) {
	key := Describe(signer)
	if _, err := sshBlob(&key); err != nil {
		return nil, err
	}
	signature, err := signer.Sign(ctx, s.message)
	if err != nil {
		return nil, err
	}
	return formatSSHSig(&key, s.namespace, signature)
}

// sshsigSigned is what a key signs for content with a SHA-512 digest
// (PROTOCOL.sshsig, "Signed Data, of which the signature goes into the blob above").
func sshsigSigned(namespace string, digest []byte) []byte {
	return append([]byte(sshsigMagic), ssh.Marshal(struct {
		Namespace, Reserved, Hash string
		Digest                    []byte
	}{namespace, "", sshsigHashName, digest})...)
}

// sshsigHash is what a token signs for ssh-keygen -Y sign: SHA-256 of what SSHSIG
// signs. A message with a payload type is signed by its PAE in SSHSigNamespace; one
// without must be SSHSIG's own data in another namespace.
func sshsigHash(m dsse.Message) ([]byte, error) {
	if m.PayloadType() == "" {
		if err := checkSSHSigSigned(m); err != nil {
			return nil, err
		}
		return m.Digest(crypto.SHA256)
	}
	digest, err := m.Digest(crypto.SHA512)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(sshsigSigned(SSHSigNamespace, digest))
	return sum[:], nil
}

// checkSSHSigSigned refuses bare bytes that are not what sshsigSigned returns for
// a namespace other than SSHSigNamespace.
func checkSSHSigSigned(m dsse.Message) error {
	refused := refuseBare(SchemeSSHSig)
	if m.Size() > maxSSHSigSigned {
		return refused
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return err
	}
	var data struct {
		Namespace, Reserved, Hash string
		Digest                    []byte
	}
	rest, found := bytes.CutPrefix(b.Bytes(), []byte(sshsigMagic))
	if !found || ssh.Unmarshal(rest, &data) != nil {
		return refused
	}
	if data.Namespace == "" || data.Namespace == SSHSigNamespace || data.Reserved != "" || data.Hash != sshsigHashName ||
		len(data.Digest) != sha512.Size {
		return refused
	}
	return nil
}
