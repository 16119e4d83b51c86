package keys

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// MaxPrivateKeySize bounds a private key file, in bytes. An RSA key of 8,192
// bits in PEM has 6 KB.
const MaxPrivateKeySize = 64 << 10

// Format is how a private key is written in a file. All are PEM (RFC 7468).
type Format string

// The formats. All are read; FormatPKCS8, FormatPKCS8Encrypted and FormatCosign
// are written.
const (
	// FormatPKCS8 is "PRIVATE KEY" (RFC 5958), without encryption.
	FormatPKCS8 Format = "pkcs8"
	// FormatPKCS8Encrypted is "ENCRYPTED PRIVATE KEY" with PBES2 (RFC 8018,
	// section 6.2): PBKDF2 or scrypt, and AES in CBC mode.
	FormatPKCS8Encrypted Format = "pkcs8-encrypted"
	// FormatSEC1 is "EC PRIVATE KEY" (RFC 5915).
	FormatSEC1 Format = "sec1"
	// FormatPKCS1 is "RSA PRIVATE KEY" (RFC 8017, appendix A.1.2).
	FormatPKCS1 Format = "pkcs1"
	// FormatOpenSSH is "OPENSSH PRIVATE KEY" (OpenSSH, PROTOCOL.key), without encryption.
	FormatOpenSSH Format = "openssh"
	// FormatOpenSSHEncrypted is the same with bcrypt and AES-256.
	FormatOpenSSHEncrypted Format = "openssh-encrypted"
	// FormatCosign is "ENCRYPTED SIGSTORE PRIVATE KEY", or "ENCRYPTED COSIGN
	// PRIVATE KEY" as older versions of cosign wrote: scrypt and NaCl secretbox.
	FormatCosign Format = "cosign"
)

// Encrypted reports whether keys in this format have a passphrase.
func (f Format) Encrypted() bool {
	return f == FormatPKCS8Encrypted || f == FormatOpenSSHEncrypted || f == FormatCosign
}

// The PEM types.
const (
	pemPKCS8          = "PRIVATE KEY"
	pemPKCS8Encrypted = "ENCRYPTED PRIVATE KEY"
	pemSEC1           = "EC PRIVATE KEY"
	pemPKCS1          = "RSA PRIVATE KEY"
	pemOpenSSH        = "OPENSSH PRIVATE KEY"
	pemSigstore       = "ENCRYPTED SIGSTORE PRIVATE KEY"
	pemCosign         = "ENCRYPTED COSIGN PRIVATE KEY"
	pemECParameters   = "EC PARAMETERS"
	pemSM2Parameters  = "SM2 PARAMETERS"
)

// ParsePrivate parses a file that holds one private key. It calls passphrase
// only if the key is encrypted, once; the result is overwritten.
//
// The errors: fault.KeyMalformed; fault.KeyUnsupported for what is a key, but
// of an algorithm or encryption that stella does not have; fault.KeyPublic for
// a public key or certificate; fault.PassphraseWrong; fault.InputEmpty; and
// whatever passphrase returns. They never hold content of the file.
func ParsePrivate(b []byte, passphrase func() ([]byte, error)) (crypto.Signer, Format, error) {
	block, err := privateBlock(b)
	if err != nil {
		return nil, "", err
	}
	key, format, err := parseBlock(block, passphrase)
	if err != nil {
		return nil, "", err
	}
	signer, err := usable(key)
	if err != nil {
		return nil, "", err
	}
	return signer, format, nil
}

// privateBlock returns the one PEM block with a private key. Parameters of a
// curve before it are skipped, as openssl ecparam writes them.
func privateBlock(b []byte) (*pem.Block, error) {
	if err := checkText(b, MaxPrivateKeySize); err != nil {
		return nil, err
	}
	blocks, err := pemBlocks(b)
	if err != nil {
		return nil, err
	}
	var found []*pem.Block
	for _, block := range blocks {
		if block.Type != pemECParameters && block.Type != pemSM2Parameters {
			found = append(found, block)
		}
	}
	switch {
	case len(found) == 0 && looksPublic(b):
		return nil, publicError()
	case len(found) == 0:
		return nil, fault.New(fault.KeyMalformed, "no PEM block with a private key").
			WithHint("convert a key in another encoding with: openssl pkey -in KEY -out KEY.pem")
	case !strings.HasSuffix(found[0].Type, pemPKCS8):
		if isPublicType(found[0].Type) {
			return nil, publicError()
		}
		return nil, fault.New(fault.KeyMalformed, "the PEM block is not a private key")
	case len(found) > 1:
		return nil, fault.New(fault.KeyMalformed, "%d PEM blocks where one private key is wanted", len(found)).
			WithHint("put the private key into a file of its own")
	}
	return found[0], nil
}

func parseBlock(block *pem.Block, passphrase func() ([]byte, error)) (any, Format, error) {
	if strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		// This encryption derives its key with one round of MD5 (OpenSSL,
		// EVP_BytesToKey): it protects nothing today.
		return nil, "", fault.New(fault.KeyUnsupported, "the key has the legacy PEM encryption, which is too weak to use").
			WithHint("convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 600000 -in KEY -out NEW")
	}
	switch block.Type {
	case pemPKCS8:
		key, err := parsePKCS8(block.Bytes)
		return key, FormatPKCS8, err
	case pemSEC1:
		key, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			return nil, "", malformed("EC PRIVATE KEY, or one of a curve that is not supported")
		}
		return key, FormatSEC1, nil
	case pemPKCS1:
		key, err := parsePKCS1(block.Bytes)
		return key, FormatPKCS1, err
	case pemOpenSSH:
		return parseOpenSSH(block, passphrase)
	case pemPKCS8Encrypted:
		key, err := withPassphrase(passphrase, func(p []byte) (any, error) { return decryptPKCS8(block.Bytes, p) })
		return key, FormatPKCS8Encrypted, err
	case pemSigstore, pemCosign:
		key, err := withPassphrase(passphrase, func(p []byte) (any, error) { return decryptCosign(block.Bytes, p) })
		return key, FormatCosign, err
	}
	return nil, "", fault.New(fault.KeyUnsupported, "unsupported kind of private key %q", block.Type).
		WithHint("convert it with: openssl pkey -in KEY -out NEW")
}

// withPassphrase asks once, uses the answer and overwrites it.
func withPassphrase(ask func() ([]byte, error), use func([]byte) (any, error)) (any, error) {
	p, err := ask()
	if err != nil {
		return nil, err
	}
	defer clear(p)
	return use(p)
}

// usable returns the key as a signer if it has a signature scheme.
func usable(key any) (crypto.Signer, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fault.New(fault.KeyUnsupported, "the key is not one to sign with").
			WithHint("use one of %s", joinNames(Algorithms()))
	}
	if k, ok := key.(ed25519.PrivateKey); ok && !k.Equal(ed25519.NewKeyFromSeed(k.Seed())) {
		// Signing with another public half would give the private one away.
		return nil, fault.New(fault.KeySelfTest, "private and public half of the Ed25519 key do not belong together")
	}
	if _, err := AlgorithmOf(signer.Public()); err != nil {
		return nil, err
	}
	return signer, nil
}

// malformed names a kind of key and not the cause: the words of a parser may
// hold content of the file.
func malformed(what string) error {
	return fault.New(fault.KeyMalformed, "malformed %s", what)
}

func wrongPassphrase() error {
	return fault.New(fault.PassphraseWrong, "the passphrase does not open the key, or the key file is damaged")
}

func publicError() error {
	return fault.New(fault.KeyPublic, "a public key or certificate where a private key is wanted").
		WithHint("name the private key: the file without .pub")
}

func isPublicType(t string) bool {
	return strings.HasSuffix(t, pemPublic) || strings.HasSuffix(t, pemCertificate)
}

// looksPublic reports whether text without PEM is a public key of OpenSSH.
func looksPublic(b []byte) bool {
	for _, prefix := range sshPrefixes() {
		if bytes.HasPrefix(b, []byte(prefix)) {
			return true
		}
	}
	return false
}
