package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/mldsa"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys/gost"
)

// Algorithm is the name of a kind of key, as users write it.
type Algorithm string

// The algorithms that keys are generated for.
const (
	ECDSAP256 Algorithm = "ecdsa-p256" // the default: every verifier knows it
	ECDSAP384 Algorithm = "ecdsa-p384"
	Ed25519   Algorithm = "ed25519"
	RSA3072   Algorithm = "rsa-3072"
	RSA4096   Algorithm = "rsa-4096"
	MLDSA65   Algorithm = "ml-dsa-65"
	SM2       Algorithm = "sm2"
)

// The algorithms whose private keys live only behind a plugin.
const (
	GOST256 Algorithm = gost.Name256
	GOST512 Algorithm = gost.Name512
)

// Algorithms returns the algorithms that Generate knows, the default first. A
// build against a cryptographic module without ML-DSA has none.
func Algorithms() []Algorithm {
	list := []Algorithm{ECDSAP256, ECDSAP384, Ed25519, RSA3072, RSA4096}
	if hasMLDSA() {
		list = append(list, MLDSA65)
	}
	return append(list, SM2)
}

// ParseAlgorithm returns the algorithm called s, or a usage error that lists
// all of them.
func ParseAlgorithm(s string) (Algorithm, error) {
	if a := Algorithm(s); slices.Contains(Algorithms(), a) {
		return a, nil
	}
	return "", fault.New(fault.UsageInvalid, "unknown key algorithm %q", s).
		WithHint("use one of %s", joinNames(Algorithms()))
}

// AlgorithmOf returns the algorithm of a public key. Besides those of
// Algorithms it may be an RSA algorithm of another size, such as "rsa-2048",
// which is read and never generated. A key without a signature scheme is
// fault.KeyUnsupported.
func AlgorithmOf(pub crypto.PublicKey) (Algorithm, error) {
	scheme, err := dsse.SchemeOf(pub)
	if err != nil {
		return "", fault.Wrap(fault.KeyUnsupported, err, "")
	}
	return Algorithm(scheme.Name), nil
}

// Generate makes a new private key from the system's random source. (Go ignores
// any other source for these algorithms, so none can be given.)
func Generate(a Algorithm) (crypto.Signer, error) {
	if _, err := ParseAlgorithm(string(a)); err != nil {
		return nil, err
	}
	switch a {
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ECDSAP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	case MLDSA65:
		return mldsa.GenerateKey(mldsa.MLDSA65())
	}
	return findForeign(a).generate()
}

// joinNames lists names for a message: a, b, c.
func joinNames[S ~string](names []S) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = string(n)
	}
	return strings.Join(out, ", ")
}

// Equal reports whether two public keys are the same key.
func Equal(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// keyID is dsse.KeyID with an error that names what failed.
func keyID(pub crypto.PublicKey) (string, error) {
	id, err := dsse.KeyID(pub)
	if err != nil {
		return "", fmt.Errorf("failed to name the key: %w", err)
	}
	return id, nil
}
