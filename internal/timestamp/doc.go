// Package timestamp speaks the time stamp protocol of RFC 3161: it makes
// requests to be carried to an authority, reads the responses, and asks an
// authority over HTTP.
//
// A response is read strictly, in DER, as the RFC demands. What it says is not
// verified here: [Response.Covers] compares it with what was to be stamped, and
// whether an authority that is trusted said it is judged by pkg/verify/material.
package timestamp

import (
	"crypto"
	_ "crypto/sha256" // the hashes of a Request
	_ "crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

const (
	// MaxResponse bounds a response, in bytes. With a chain of three certificates
	// it has some 5 KiB.
	MaxResponse = 64 << 10
	// MaxRequest bounds a request, in bytes.
	MaxRequest = 4 << 10
	// NonceSize is the size of the number that ties a response to its request, in
	// bytes.
	NonceSize = 8
)

// messageImprint is the digest that is stamped (RFC 3161, section 2.4.1).
type messageImprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

// hashes are the hash functions that a request may name, by their OIDs
// (RFC 5754, section 2).
func hashes() map[crypto.Hash]asn1.ObjectIdentifier {
	return map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
		crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
	}
}

// hash returns the imprint's hash function.
func (m *messageImprint) hash() (crypto.Hash, error) {
	for h, oid := range hashes() {
		if !m.Algorithm.Algorithm.Equal(oid) {
			continue
		}
		if p := m.Algorithm.Parameters; len(p.FullBytes) > 0 && !slices.Equal(p.FullBytes, asn1.NullBytes) {
			return 0, fmt.Errorf("the hash function has parameters")
		}
		if len(m.Digest) != h.Size() {
			return 0, fmt.Errorf("the digest has %d bytes, which %s does not give", len(m.Digest), h)
		}
		return h, nil
	}
	return 0, fmt.Errorf("the hash function %s is not SHA-256, SHA-384 or SHA-512", m.Algorithm.Algorithm)
}

// unmarshal reads the one value that der is.
func unmarshal(der []byte, v any) error {
	rest, err := asn1.Unmarshal(der, v)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("there are %d bytes behind it", len(rest))
	}
	return err
}

func malformed(what string, err error) error {
	return fault.Wrap(fault.TimestampMalformed, err, "malformed time stamp %s", what)
}
