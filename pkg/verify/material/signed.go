package material

import (
	"crypto"
	"crypto/x509"
	"errors"
)

// Signed is the signature that material must be about. The payload need not be in
// memory: its digests are asked for when they are needed.
type Signed struct {
	Signature []byte
	// Leaf is the signer's certificate; nil for a bare key.
	Leaf *Leaf
	// Key is the signer's key where there is no certificate.
	Key crypto.PublicKey
	// Digest returns a hash over what the signature covers: the PAE of an
	// envelope, or the bare bytes of a blob.
	Digest func(h crypto.Hash) ([]byte, error)
	// PayloadSHA256 returns the SHA-256 of an envelope's payload; nil for a blob.
	PayloadSHA256 func() ([]byte, error)
}

func (s *Signed) check() error {
	switch {
	case len(s.Signature) == 0:
		return errors.New("there is no signature that it could be about")
	case s.Leaf == nil && s.Key == nil:
		return errors.New("there is no key that it could be about")
	case s.Digest == nil:
		return errors.New("there is no digest that it could be about")
	}
	return nil
}

func (s *Signed) publicKey() crypto.PublicKey {
	if s.Leaf != nil {
		return s.Leaf.cert.PublicKey
	}
	return s.Key
}

// signedBy reports whether a log entry's certificate or key is the signer's.
func (s *Signed) signedBy(entry any) bool {
	cert, ok := entry.(*x509.Certificate)
	if s.Leaf != nil {
		return ok && s.Leaf.cert.Equal(cert)
	}
	return !ok && sameKey(entry, s.Key)
}
