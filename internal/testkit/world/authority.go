package world

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
)

// An authority is a certificate with its key, whatever the key may sign.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes a certificate for a key of its own. Without a parent it
// signs itself.
func newAuthority(s seed, parent *authority, template *x509.Certificate) *authority {
	a := &authority{key: s.p256()}
	template.SerialNumber = s.serial()
	if parent == nil {
		parent = &authority{cert: template, key: a.key}
	}
	a.cert = parent.sign(template, a.key.Public())
	return a
}

// caTemplate is a certificate authority with depth authorities below it.
func caTemplate(name string, valid Window, depth int) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"world.test"}, CommonName: name},
		NotBefore:             valid.From,
		NotAfter:              valid.Until,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLen:            depth,
		MaxPathLenZero:        depth == 0,
	}
}

// sign makes a certificate of a template for a public key. Without a source of
// randomness, signatures are those of RFC 6979.
func (a *authority) sign(template *x509.Certificate, pub crypto.PublicKey) *x509.Certificate {
	der := must(x509.CreateCertificate(nil, template, a.cert, pub, a.key))
	return must(x509.ParseCertificate(der))
}

// keyID is the SHA-256 of a public key as SubjectPublicKeyInfo: how Rekor, CT
// logs and signers name it.
func keyID(pub crypto.PublicKey) []byte {
	sum := sha256.Sum256(spki(pub))
	return sum[:]
}

// spki is a public key as SubjectPublicKeyInfo.
func spki(pub crypto.PublicKey) []byte { return must(x509.MarshalPKIXPublicKey(pub)) }

// signBytes signs the SHA-256 of a message, in RFC 6979's way.
func signBytes(key *ecdsa.PrivateKey, message []byte) []byte {
	sum := sha256.Sum256(message)
	return must(key.Sign(nil, sum[:], crypto.SHA256))
}
