package tpm

import (
	"bytes"
	"slices"

	"github.com/google/go-tpm/tpm2"
	"golang.org/x/crypto/cryptobyte"

	"github.com/stellaops/stella/internal/fault"
)

// AttestationFormat is the format of the attestations of this package. The
// statement is four structures of the TPM 2.0 Library, part 2, one after the
// other: TPM2B_PUBLIC of the key, TPM2B_PUBLIC of the attestation key,
// TPM2B_ATTEST that TPM2_Certify made, TPMT_SIGNATURE over its content.
const AttestationFormat = "tpm2-certify"

// maxStatement bounds a statement, in bytes. One of an RSA key has 1 KB.
const maxStatement = 8 << 10

// statement is a parsed attestation statement. Nothing of it is verified.
type statement struct {
	public, signer tpm2.TPMTPublic
	certify        []byte // TPMS_ATTEST, which the signature covers
	signature      tpm2.TPMTSignature
}

func (s *statement) marshal() []byte {
	return slices.Concat(
		tpm2.Marshal(tpm2.New2B(s.public)),
		tpm2.Marshal(tpm2.New2B(s.signer)),
		tpm2.Marshal(tpm2.TPM2BData{Buffer: s.certify}),
		tpm2.Marshal(s.signature),
	)
}

func parseStatement(b []byte) (*statement, error) {
	if len(b) > maxStatement {
		return nil, badStatement("it is over %d bytes", maxStatement)
	}
	rest := cryptobyte.String(b)
	s := &statement{}
	for _, to := range []*tpm2.TPMTPublic{&s.public, &s.signer} {
		public, ok := readSizedPublic(&rest)
		if !ok {
			return nil, badStatement("a public part is damaged")
		}
		*to = *public
	}
	var certify cryptobyte.String
	if !rest.ReadUint16LengthPrefixed(&certify) {
		return nil, badStatement("it holds no certification")
	}
	s.certify = certify
	signature, err := tpm2.Unmarshal[tpm2.TPMTSignature](rest)
	if err != nil || !bytes.Equal(tpm2.Marshal(signature), rest) {
		return nil, badStatement("its signature is damaged")
	}
	s.signature = *signature
	return s, nil
}

// readSizedPublic reads one TPM2B_PUBLIC.
func readSizedPublic(s *cryptobyte.String) (*tpm2.TPMTPublic, bool) {
	whole := *s
	var inner cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&inner) {
		return nil, false
	}
	return parsePublic(whole[:2+len(inner)])
}

// attest parses what the signature covers.
func (s *statement) attest() (*tpm2.TPMSAttest, *tpm2.TPMSCertifyInfo, error) {
	attest, err := tpm2.Unmarshal[tpm2.TPMSAttest](s.certify)
	if err != nil || !bytes.Equal(tpm2.Marshal(attest), s.certify) {
		return nil, nil, badStatement("its certification is damaged, or not made by a TPM")
	}
	info, err := attest.Attested.Certify()
	if err != nil {
		return nil, nil, badStatement("it certifies something else than a key")
	}
	return attest, info, nil
}

func badStatement(format string, args ...any) error {
	return fault.New(fault.AttestationMalformed, "malformed TPM attestation: "+format, args...).
		WithHint("have the key attested again")
}
