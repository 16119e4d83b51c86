package keys

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/pem"

	"golang.org/x/crypto/ssh"

	"github.com/stellaops/stella/internal/fault"
)

// SecurityKey is what OpenSSH keeps of a key on a FIDO2 token: all but the
// private key, which never leaves the token.
type SecurityKey struct {
	// Public is a P-256 or Ed25519 key.
	Public crypto.PublicKey
	// Application is the relying party id.
	Application string
	// Credential is the credential id, by which the token finds or derives the key.
	Credential []byte
	// VerifyUser says that the key was made with verify-required: the token
	// wants a PIN or finger for each signature.
	VerifyUser bool
}

// flagVerifyUser is SSH_SK_USER_VERIFICATION_REQD (OpenSSH, sk-api.h).
const flagVerifyUser = 0x04

// maxBcryptRounds bounds the work that a key file may demand. The default of
// ssh-keygen is 24, and 64 rounds take about a second.
const maxBcryptRounds = 1 << 10

// opensshMagic begins the content of an OpenSSH private key (PROTOCOL.key,
// section 1).
const opensshMagic = "openssh-key-v1\x00"

// IsOpenSSH reports whether a file is a private key of OpenSSH by its text.
func IsOpenSSH(b []byte) bool { return bytes.Contains(b, []byte("-----BEGIN "+pemOpenSSH+"-----")) }

// ParseSecurityKey parses the private key file of an OpenSSH key on a FIDO2
// token (OpenSSH, PROTOCOL.key and PROTOCOL.u2f). It calls passphrase only if
// the file is encrypted, once; the result is overwritten. The errors are those
// of ParsePrivate.
func ParseSecurityKey(b []byte, passphrase func() ([]byte, error)) (*SecurityKey, error) {
	block, err := privateBlock(b)
	if err != nil {
		return nil, err
	}
	if block.Type != pemOpenSSH {
		return nil, fault.New(fault.KeyUnsupported, "the key file is not one of OpenSSH")
	}
	file, err := parseOpenSSHFile(block)
	if err != nil {
		return nil, err
	}
	if _, _, err := parseSecurityKeyBlob(file.Public); err != nil {
		return nil, err
	}
	private, err := file.decrypt(passphrase)
	if err != nil {
		return nil, err
	}
	defer clear(private)
	return parseSecurityKeyPrivate(private, file.Public)
}

// opensshFile is the outer form of a key file (PROTOCOL.key, section 1).
type opensshFile struct {
	Cipher, KDF string
	Options     []byte
	Count       uint32
	Public      []byte
	Private     []byte
}

func parseOpenSSHFile(block *pem.Block) (*opensshFile, error) {
	var file opensshFile
	content, found := bytes.CutPrefix(block.Bytes, []byte(opensshMagic))
	if !found || ssh.Unmarshal(content, &file) != nil || file.Count != 1 {
		return nil, malformed("OpenSSH private key")
	}
	return &file, nil
}

// isSecurityKey reports whether the file is one of a key on a FIDO2 token.
func (f *opensshFile) isSecurityKey() bool {
	_, _, err := parseSecurityKeyBlob(f.Public)
	return err == nil
}

// decrypt returns the private part, which the caller overwrites.
func (f *opensshFile) decrypt(passphrase func() ([]byte, error)) ([]byte, error) {
	if f.Cipher == "none" && f.KDF == "none" {
		return bytes.Clone(f.Private), nil
	}
	var options struct {
		Salt   []byte
		Rounds uint32
	}
	switch {
	case f.KDF != "bcrypt" || f.Cipher != "aes256-ctr" && f.Cipher != "aes256-cbc":
		return nil, fault.New(fault.KeyUnsupported, "the OpenSSH key has an encryption that is not supported").
			WithHint("give it the usual one with: ssh-keygen -p -f KEY")
	case ssh.Unmarshal(f.Options, &options) != nil || len(options.Salt) == 0 || len(options.Salt) > maxSaltSize ||
		options.Rounds == 0 || len(f.Private) == 0 || len(f.Private)%aes.BlockSize != 0:
		return nil, malformed("OpenSSH private key")
	case options.Rounds > maxBcryptRounds:
		return nil, fault.New(fault.KeyUnsupported, "the OpenSSH key demands %d rounds of bcrypt, which is too much work", options.Rounds)
	}
	secret, err := passphrase()
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	key := bcryptPBKDF(secret, options.Salt, int(options.Rounds), 32+aes.BlockSize)
	defer clear(key)
	aead, err := aes.NewCipher(key[:32])
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(f.Private))
	if f.Cipher == "aes256-ctr" {
		cipher.NewCTR(aead, key[32:]).XORKeyStream(out, f.Private)
	} else {
		cipher.NewCBCDecrypter(aead, key[32:]).CryptBlocks(out, f.Private)
	}
	if len(out) < 8 || subtle.ConstantTimeCompare(out[:4], out[4:8]) != 1 {
		clear(out)
		return nil, wrongPassphrase()
	}
	return out, nil
}

// parseSecurityKeyPrivate parses the private part: two equal check integers, the
// key, a comment, and padding 1, 2, 3, … (PROTOCOL.key, section 3). The public
// key in it must be the one that stands outside.
func parseSecurityKeyPrivate(b, outside []byte) (*SecurityKey, error) {
	broken := malformed("OpenSSH private key of a FIDO2 token")
	var head struct {
		Check1, Check2 uint32
		Kind           string
		Rest           []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(b, &head) != nil || head.Check1 != head.Check2 {
		return nil, broken
	}
	public := head.Rest // and what follows it
	if head.Kind == ssh.KeyAlgoSKECDSA256 {
		var name struct {
			Curve string
			Rest  []byte `ssh:"rest"`
		}
		if ssh.Unmarshal(head.Rest, &name) != nil || name.Curve != "nistp256" {
			return nil, broken
		}
		head.Rest = name.Rest
	}
	var body struct {
		Public      []byte
		Application string
		Flags       byte
		Credential  []byte
		Reserved    []byte
		Comment     []byte
		Padding     []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(head.Rest, &body) != nil || len(body.Credential) == 0 || len(body.Reserved) != 0 || !isPadding(body.Padding) {
		return nil, broken
	}
	// What precedes the flags is the public key again.
	size := len(public) - len(head.Rest) + 4 + len(body.Public) + 4 + len(body.Application)
	inside := append(ssh.Marshal(struct{ Kind string }{head.Kind}), public[:size]...)
	pub, application, err := parseSecurityKeyBlob(inside)
	switch {
	case err != nil:
		return nil, err
	case !bytes.Equal(inside, outside):
		return nil, fault.New(fault.KeySelfTest, "the two halves of the OpenSSH key file are about different keys")
	}
	return &SecurityKey{
		Public: pub, Application: application, Credential: bytes.Clone(body.Credential),
		VerifyUser: body.Flags&flagVerifyUser != 0,
	}, nil
}

func isPadding(b []byte) bool {
	for i, c := range b {
		if int(c) != i+1 {
			return false
		}
	}
	return true
}
