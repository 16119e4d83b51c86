package world

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"fmt"
	"math/big"
)

// A seed is a path of names from which keys and serial numbers follow: the same
// seed gives the same ones in every run. They protect nothing.
type seed string

// sub is the seed of one thing below this one.
func (s seed) sub(format string, args ...any) seed {
	return s + "/" + seed(fmt.Sprintf(format, args...))
}

// sum is 32 bytes that nothing else in the world has.
func (s seed) sum() [32]byte { return sha256.Sum256([]byte(s)) }

// p256 is the ECDSA key of this seed on the curve that Sigstore uses.
func (s seed) p256() *ecdsa.PrivateKey { return s.ecdsa(elliptic.P256()) }

// ecdsa is the ECDSA key of this seed on a curve.
func (s seed) ecdsa(curve elliptic.Curve) *ecdsa.PrivateKey {
	scalar := make([]byte, (curve.Params().N.BitLen()+7)/8)
	// One of 2^32 sums is not below the order of P-256, hence the loop.
	for i := 0; ; i++ {
		sum := s.sub("scalar %d", i).sum()
		copy(scalar[len(scalar)-len(sum):], sum[:])
		if key, err := ecdsa.ParseRawPrivateKey(curve, scalar); err == nil {
			return key
		}
	}
}

// ed25519 is the Ed25519 key of this seed.
func (s seed) ed25519() ed25519.PrivateKey {
	sum := s.sum()
	return ed25519.NewKeyFromSeed(sum[:])
}

// serial is a serial number of 127 bits, positive as RFC 5280, section 4.1.2.2
// asks.
func (s seed) serial() *big.Int {
	sum := s.sub("serial").sum()
	sum[0] = sum[0]&0x7f | 1
	return new(big.Int).SetBytes(sum[:16])
}

// must is for what fails only when this package is wrong: the world is made of
// constants.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
