package timestamp

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/stellaops/stella/internal/fault"
)

// Request asks an authority to stamp a digest (RFC 3161, section 2.4.1).
type Request struct {
	Hash   crypto.Hash
	Digest []byte
	Nonce  *big.Int // nil for none
	DER    []byte
}

// request is a TimeStampReq.
type request struct {
	Version    int
	Imprint    messageImprint
	Policy     asn1.ObjectIdentifier `asn1:"optional"`
	Nonce      *big.Int              `asn1:"optional"`
	CertReq    bool                  `asn1:"optional"`
	Extensions []pkix.Extension      `asn1:"optional,tag:0"`
}

// NewRequest returns a request to stamp message, with a fresh nonce, that asks
// for the authority's certificates. h is SHA-256, SHA-384 or SHA-512.
func NewRequest(h crypto.Hash, message []byte) (*Request, error) {
	oid, ok := hashes()[h]
	if !ok {
		return nil, fault.New(fault.UsageInvalid, "a time stamp is not asked for by %s", h)
	}
	nonce := make([]byte, NonceSize)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	nonce[0] |= 1 // never shorter
	r := &Request{Hash: h, Digest: digest(h, message), Nonce: new(big.Int).SetBytes(nonce)}
	var err error
	r.DER, err = asn1.Marshal(request{
		Version: 1, Nonce: r.Nonce, CertReq: true,
		Imprint: messageImprint{pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.NullRawValue}, r.Digest},
	})
	return r, err
}

// ParseRequest reads a request.
func ParseRequest(der []byte) (*Request, error) {
	if len(der) > MaxRequest {
		return nil, malformed("request", fmt.Errorf("it has more than %d bytes", MaxRequest))
	}
	var raw request
	err := unmarshal(der, &raw)
	if err == nil && raw.Version != 1 {
		err = errors.New("its version is not 1")
	}
	var h crypto.Hash
	if err == nil {
		h, err = raw.Imprint.hash()
	}
	if err != nil {
		return nil, malformed("request", err)
	}
	return &Request{h, raw.Imprint.Digest, raw.Nonce, bytes.Clone(der)}, nil
}

func digest(h crypto.Hash, message []byte) []byte {
	w := h.New()
	w.Write(message)
	return w.Sum(nil)
}
