package dsse

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/mldsa"
	"crypto/rsa"
)

// InMemory reports whether s signs with a private key of the standard library, so
// that a signature is work for the processor alone: no device and no service is
// waited for. A signer that wraps another one is seen through if it has a method
// Unwrap() Signer.
func InMemory(s Signer) bool {
	for {
		if own, ok := s.(*keySigner); ok {
			return own.inMemory()
		}
		wrapper, ok := s.(interface{ Unwrap() Signer })
		if !ok {
			return false
		}
		s = wrapper.Unwrap()
	}
}

func (s *keySigner) inMemory() bool {
	switch s.key.(type) {
	case ed25519.PrivateKey, *ecdsa.PrivateKey, *rsa.PrivateKey, *mldsa.PrivateKey:
		return true
	}
	return false
}
