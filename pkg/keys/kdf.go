package keys

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"

	"github.com/stellaops/stella/internal/fault"
)

// Bounds on what a key file may make us compute. Each is well above what any
// tool writes, and a few seconds of work at most.
const (
	// maxPBKDF2Iterations: OWASP recommends 600,000 today, OpenSSL's default is 2,048.
	maxPBKDF2Iterations = 10_000_000
	// maxScryptBlocks bounds N × r: 128 bytes of memory each, 256 MiB in all.
	maxScryptBlocks = 1 << 21
	// maxScryptWork bounds N × r × p.
	maxScryptWork = 1 << 23
	// maxSaltSize bounds a salt, in bytes.
	maxSaltSize = 1 << 10
)

// kdf is a key derivation function with its parameters.
type kdf interface {
	derive(passphrase []byte, size int) ([]byte, error)
}

// pbkdf2Params is PBKDF2-params (RFC 8018, appendix A.2).
type pbkdf2Params struct {
	salt       []byte
	iterations int
	prf        func() hash.Hash
}

// scryptParams is scrypt-params (RFC 7914, section 7.1).
type scryptParams struct {
	salt    []byte
	n, r, p int
}

var (
	_ kdf = (*pbkdf2Params)(nil)
	_ kdf = (*scryptParams)(nil)
)

func (k *pbkdf2Params) derive(passphrase []byte, size int) ([]byte, error) {
	return pbkdf2.Key(k.prf, string(passphrase), k.salt, k.iterations, size)
}

func (k *scryptParams) derive(passphrase []byte, size int) ([]byte, error) {
	return scrypt.Key(passphrase, k.salt, k.n, k.r, k.p, size)
}

// parseKDF parses the key derivation of PBES2. keySize is what the cipher
// needs; a keyLength that says otherwise is refused.
func parseKDF(id cryptobyte.String, keySize int) (kdf, error) {
	var oid asn1.ObjectIdentifier
	var params, salt cryptobyte.String
	if !id.ReadASN1ObjectIdentifier(&oid) {
		return nil, malformed("PBES2 key derivation")
	}
	if s := oid.String(); s != oidPBKDF2 && s != oidScrypt {
		return nil, unsupportedEncryption(oid)
	}
	if !id.ReadASN1(&params, cbasn1.SEQUENCE) || !id.Empty() || !params.ReadASN1(&salt, cbasn1.OCTET_STRING) ||
		len(salt) > maxSaltSize {
		return nil, malformed("PBES2 key derivation")
	}
	if oid.String() == oidScrypt {
		return parseScrypt(params, salt, keySize)
	}
	return parsePBKDF2(params, salt, keySize)
}

func parsePBKDF2(params cryptobyte.String, salt []byte, keySize int) (kdf, error) {
	k := &pbkdf2Params{salt: salt, prf: sha1.New} // DEFAULT algid-hmacWithSHA1
	if !params.ReadASN1Integer(&k.iterations) || k.iterations < 1 || !readKeyLength(&params, keySize) {
		return nil, malformed("PBKDF2 parameters")
	}
	if k.iterations > maxPBKDF2Iterations {
		return nil, fault.New(fault.KeyUnsupported, "the key demands %d iterations of PBKDF2, more than %d", k.iterations, maxPBKDF2Iterations)
	}
	if params.Empty() {
		return k, nil
	}
	var prf cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !params.ReadASN1(&prf, cbasn1.SEQUENCE) || !params.Empty() || !prf.ReadASN1ObjectIdentifier(&oid) || !emptyOrNull(prf) {
		return nil, malformed("PBKDF2 parameters")
	}
	switch oid.String() {
	case oidHMACSHA1:
	case oidHMACSHA256:
		k.prf = sha256.New
	case oidHMACSHA384:
		k.prf = sha512.New384
	case oidHMACSHA512:
		k.prf = sha512.New
	default:
		return nil, unsupportedEncryption(oid)
	}
	return k, nil
}

func parseScrypt(params cryptobyte.String, salt []byte, keySize int) (kdf, error) {
	k := &scryptParams{salt: salt}
	if !params.ReadASN1Integer(&k.n) || !params.ReadASN1Integer(&k.r) || !params.ReadASN1Integer(&k.p) ||
		!readKeyLength(&params, keySize) || !params.Empty() ||
		k.n < 2 || k.n&(k.n-1) != 0 || k.r < 1 || k.p < 1 {
		return nil, malformed("scrypt parameters")
	}
	// Divided, not multiplied: the product could overflow.
	if k.n > maxScryptBlocks/k.r || k.p > maxScryptWork/(k.n*k.r) {
		return nil, fault.New(fault.KeyUnsupported, "the key demands scrypt with N=%d, r=%d, p=%d, which is too much work", k.n, k.r, k.p)
	}
	return k, nil
}

// readKeyLength skips an optional keyLength that must be the cipher's.
func readKeyLength(params *cryptobyte.String, keySize int) bool {
	if !params.PeekASN1Tag(cbasn1.INTEGER) {
		return true
	}
	var n int
	return params.ReadASN1Integer(&n) && n == keySize
}

func emptyOrNull(s cryptobyte.String) bool {
	var null cryptobyte.String
	return s.Empty() || s.ReadASN1(&null, cbasn1.NULL) && null.Empty() && s.Empty()
}
