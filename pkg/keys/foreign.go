package keys

import (
	"crypto"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys/gost"
	"github.com/stellaops/stella/pkg/keys/sm2"
)

// foreign is a row of the table of algorithms that the standard library does
// not have. To add one, add a row, and its names in algorithm.go and scheme.go.
type foreign struct {
	algorithm Algorithm
	scheme    Scheme
	// oid names the algorithm in an AlgorithmIdentifier, and curve the curve in
	// its parameters; empty for parameters that the row's own parsers judge.
	oid, curve string
	// parsePublic parses SubjectPublicKeyInfo.
	parsePublic func(der []byte) (dsse.ForeignKey, error)
	// The rest is nil for an algorithm whose private keys are only elsewhere:
	// in a token, or behind a plugin.
	generate     func() (crypto.Signer, error)
	parsePrivate func(der []byte) (crypto.Signer, error) // PKCS #8
}

// marshaler is a private key of a foreign algorithm that files can hold.
type marshaler interface {
	crypto.Signer
	MarshalPKCS8() ([]byte, error)
}

// foreignAlgorithms is the table.
func foreignAlgorithms() []foreign {
	return []foreign{
		{
			algorithm: GOST256, scheme: SchemeGOST256, oid: gost.OID256,
			parsePublic: func(der []byte) (dsse.ForeignKey, error) { return gost.ParsePublicKey(der) },
		},
		{
			algorithm: GOST512, scheme: SchemeGOST512, oid: gost.OID512,
			parsePublic: func(der []byte) (dsse.ForeignKey, error) { return gost.ParsePublicKey(der) },
		},
		{
			algorithm: SM2, scheme: SchemeSM2SM3, oid: sm2.OIDPublicKey, curve: sm2.OIDCurve,
			parsePublic:  func(der []byte) (dsse.ForeignKey, error) { return sm2.ParsePublicKey(der) },
			parsePrivate: func(der []byte) (crypto.Signer, error) { return sm2.ParsePrivateKey(der) },
			generate:     func() (crypto.Signer, error) { return sm2.GenerateKey() },
		},
	}
}

// findForeign returns the row of an algorithm, or nil.
func findForeign(a Algorithm) *foreign {
	for _, f := range foreignAlgorithms() {
		if f.algorithm == a {
			return &f
		}
	}
	return nil
}

// foreignOf returns the row of the content of an AlgorithmIdentifier, or nil.
func foreignOf(algorithm cryptobyte.String) *foreign {
	var oid, curve asn1.ObjectIdentifier
	if !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return nil
	}
	if algorithm.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) && !algorithm.ReadASN1ObjectIdentifier(&curve) {
		return nil
	}
	for _, f := range foreignAlgorithms() {
		if f.oid == oid.String() && (f.curve == "" || f.curve == curve.String()) {
			return &f
		}
	}
	return nil
}
