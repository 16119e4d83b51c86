package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
)

// Object identifiers of PBES2 (RFC 8018, appendix A.4 and B; RFC 7914, section
// 7; NIST CSOR for AES).
const (
	oidPBES2      = "1.2.840.113549.1.5.13"
	oidPBKDF2     = "1.2.840.113549.1.5.12"
	oidScrypt     = "1.3.6.1.4.1.11591.4.11"
	oidAES128CBC  = "2.16.840.1.101.3.4.1.2"
	oidAES192CBC  = "2.16.840.1.101.3.4.1.22"
	oidAES256CBC  = "2.16.840.1.101.3.4.1.42"
	oidHMACSHA1   = "1.2.840.113549.2.7"
	oidHMACSHA256 = "1.2.840.113549.2.9"
	oidHMACSHA384 = "1.2.840.113549.2.10"
	oidHMACSHA512 = "1.2.840.113549.2.11"
)

// pbes2 is EncryptedPrivateKeyInfo (RFC 5958, section 3) with PBES2 parameters.
type pbes2 struct {
	kdf        kdf
	keySize    int // of AES, in bytes
	iv         []byte
	ciphertext []byte
}

// decryptPKCS8 opens an encrypted PKCS #8 key.
func decryptPKCS8(der, passphrase []byte) (any, error) {
	p, err := parsePBES2(der)
	if err != nil {
		return nil, err
	}
	plain, err := p.decrypt(passphrase)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	key, err := parsePKCS8(plain)
	if err != nil && fault.ReasonOf(err) == fault.KeyMalformed {
		// One wrong key in 256 leaves padding that looks right.
		return nil, wrongPassphrase()
	}
	return key, err
}

func parsePBES2(der []byte) (*pbes2, error) {
	input := cryptobyte.String(der)
	var info, scheme, params, kdfID, cipherID, ciphertext cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !input.Empty() ||
		!info.ReadASN1(&scheme, cbasn1.SEQUENCE) || !scheme.ReadASN1ObjectIdentifier(&oid) ||
		!info.ReadASN1(&ciphertext, cbasn1.OCTET_STRING) || !info.Empty() {
		return nil, malformed("encrypted PKCS #8 private key")
	}
	if oid.String() != oidPBES2 {
		return nil, unsupportedEncryption(oid)
	}
	if !scheme.ReadASN1(&params, cbasn1.SEQUENCE) || !scheme.Empty() ||
		!params.ReadASN1(&kdfID, cbasn1.SEQUENCE) || !params.ReadASN1(&cipherID, cbasn1.SEQUENCE) || !params.Empty() {
		return nil, malformed("PBES2 parameters")
	}
	p := &pbes2{ciphertext: ciphertext}
	if err := p.parseCipher(cipherID); err != nil {
		return nil, err
	}
	var err error
	p.kdf, err = parseKDF(kdfID, p.keySize)
	return p, err
}

func (p *pbes2) parseCipher(id cryptobyte.String) error {
	var oid asn1.ObjectIdentifier
	if !id.ReadASN1ObjectIdentifier(&oid) {
		return malformed("PBES2 encryption scheme")
	}
	switch oid.String() {
	case oidAES128CBC:
		p.keySize = 16
	case oidAES192CBC:
		p.keySize = 24
	case oidAES256CBC:
		p.keySize = 32
	default:
		return unsupportedEncryption(oid)
	}
	var iv cryptobyte.String
	if !id.ReadASN1(&iv, cbasn1.OCTET_STRING) || !id.Empty() || len(iv) != aes.BlockSize {
		return malformed("PBES2 initialization vector")
	}
	if len(p.ciphertext) == 0 || len(p.ciphertext)%aes.BlockSize != 0 {
		return malformed("encrypted PKCS #8 private key: incomplete block")
	}
	p.iv = iv
	return nil
}

func (p *pbes2) decrypt(passphrase []byte) ([]byte, error) {
	key, err := p.kdf.derive(passphrase, p.keySize)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(p.ciphertext))
	cipher.NewCBCDecrypter(block, p.iv).CryptBlocks(plain, p.ciphertext)
	n := int(plain[len(plain)-1]) // RFC 8018, section 6.1.1, step 4
	if n == 0 || n > aes.BlockSize {
		return nil, wrongPassphrase()
	}
	for _, c := range plain[len(plain)-n:] {
		if int(c) != n {
			return nil, wrongPassphrase()
		}
	}
	return plain[:len(plain)-n], nil
}

func unsupportedEncryption(oid asn1.ObjectIdentifier) error {
	return fault.New(fault.KeyUnsupported, "the key is encrypted with %s, which is not supported", oid).
		WithHint("convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 600000 -in KEY -out NEW")
}
