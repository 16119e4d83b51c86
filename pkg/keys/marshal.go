package keys

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// Cost of the keys that we write: PBKDF2 with HMAC-SHA-256, because OpenSSL
// refuses to spend more than 32 MiB on scrypt, and the iterations that OWASP's
// Password Storage Cheat Sheet recommends for it.
const (
	writtenIterations = 600_000
	writtenSaltSize   = 16
)

// MarshalPrivate writes a private key as PEM. FormatPKCS8 takes no passphrase,
// FormatPKCS8Encrypted and FormatCosign need one; no other format is written.
// The passphrase stays the caller's.
func MarshalPrivate(key crypto.Signer, f Format, passphrase []byte) ([]byte, error) {
	if f.Encrypted() != (len(passphrase) > 0) {
		if f.Encrypted() {
			return nil, fault.New(fault.PassphraseRequired, "format %q needs a passphrase", f)
		}
		return nil, fault.New(fault.UsageInvalid, "format %q has no passphrase", f)
	}
	algorithm, err := AlgorithmOf(key.Public())
	if err != nil {
		return nil, err
	}
	der, err := marshalPKCS8(key)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	switch f {
	case FormatPKCS8:
		return encodePEM(pemPKCS8, der, nil)
	case FormatPKCS8Encrypted:
		out, err := encryptPKCS8(der, passphrase)
		return encodePEM(pemPKCS8Encrypted, out, err)
	case FormatCosign:
		if algorithm == MLDSA65 || findForeign(algorithm) != nil {
			return nil, fault.New(fault.KeyUnsupported, "cosign has no %s keys", algorithm).WithHint("write it as %s", FormatPKCS8Encrypted)
		}
		out, err := encryptCosign(der, passphrase)
		return encodePEM(pemSigstore, out, err)
	}
	return nil, fault.New(fault.UsageInvalid, "format %q is read and not written", f).
		WithHint("use %s, %s or %s", FormatPKCS8Encrypted, FormatPKCS8, FormatCosign)
}

// marshalPKCS8 returns PrivateKeyInfo (RFC 5958, section 2) in DER.
func marshalPKCS8(key crypto.Signer) ([]byte, error) {
	if own, ok := key.(marshaler); ok {
		return own.MarshalPKCS8()
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fault.New(fault.KeyUnsupported, "a key of type %T cannot be written to a file", key)
	}
	return der, nil
}

// MarshalPublic writes a public key as PEM SubjectPublicKeyInfo, the form of
// KEY.pub and cosign.pub.
func MarshalPublic(pub crypto.PublicKey) ([]byte, error) {
	if _, err := AlgorithmOf(pub); err != nil {
		return nil, err
	}
	der, err := dsse.MarshalPKIX(pub)
	return encodePEM(pemPublic, der, err)
}

func encodePEM(blockType string, b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "failed to encode the key")
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: b}), nil
}

// encryptPKCS8 writes EncryptedPrivateKeyInfo with PBES2, PBKDF2 with
// HMAC-SHA-256, and AES-256 in CBC mode.
func encryptPKCS8(der, passphrase []byte) ([]byte, error) {
	salt, iv := make([]byte, writtenSaltSize), make([]byte, aes.BlockSize)
	rand.Read(salt) // never fails, see crypto/rand
	rand.Read(iv)
	k := &pbkdf2Params{salt: salt, iterations: writtenIterations, prf: sha256.New}
	key, err := k.derive(passphrase, 32)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	padding := aes.BlockSize - len(der)%aes.BlockSize // RFC 8018, section 6.1.1, step 4
	text := make([]byte, len(der)+padding)
	copy(text, der)
	for i := len(der); i < len(text); i++ {
		text[i] = byte(padding)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
	return buildPBES2(salt, iv, text)
}

func buildPBES2(salt, iv, ciphertext []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(info *cryptobyte.Builder) {
		addAlgorithm(info, oidPBES2, func(params *cryptobyte.Builder) {
			params.AddASN1(cbasn1.SEQUENCE, func(params *cryptobyte.Builder) {
				addAlgorithm(params, oidPBKDF2, func(kdf *cryptobyte.Builder) {
					kdf.AddASN1(cbasn1.SEQUENCE, func(kdf *cryptobyte.Builder) {
						kdf.AddASN1OctetString(salt)
						kdf.AddASN1Uint64(writtenIterations)
						addAlgorithm(kdf, oidHMACSHA256, func(b *cryptobyte.Builder) { b.AddASN1NULL() })
					})
				})
				addAlgorithm(params, oidAES256CBC, func(b *cryptobyte.Builder) { b.AddASN1OctetString(iv) })
			})
		})
		info.AddASN1OctetString(ciphertext)
	})
	return b.Bytes()
}

// addAlgorithm adds an AlgorithmIdentifier (RFC 5280, section 4.1.1.2).
func addAlgorithm(b *cryptobyte.Builder, oid string, params func(*cryptobyte.Builder)) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(objectID(oid))
		params(b)
	})
}

// objectID returns the identifier of a dotted constant of this package.
func objectID(dotted string) asn1.ObjectIdentifier {
	var out asn1.ObjectIdentifier
	for arc := range strings.SplitSeq(dotted, ".") {
		n, _ := strconv.Atoi(arc) // the builder refuses an identifier that is wrong
		out = append(out, n)
	}
	return out
}
