package material

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"github.com/stellaops/stella/internal/fault"
)

// maxTokenCerts bounds the certificates in a token.
const maxTokenCerts = maxChain

// A token is an RFC 3161 token that has the right form. Who signed it, and over
// what, is not yet verified.
type token struct {
	p7    *pkcs7.PKCS7
	stamp *timestamp.Timestamp
}

// parseToken reads a response, and refuses what the library does not look at, or
// would spend too much time on.
func parseToken(der []byte) (*token, error) {
	if err := checkBER(der); err != nil {
		return nil, err
	}
	p7, err := parseResponse(der)
	if err != nil {
		return nil, err
	}
	t := &token{p7: p7}
	if err := t.checkSigned(); err != nil {
		return nil, err
	}
	if t.stamp, err = timestamp.ParseResponse(der); err != nil {
		return nil, inWords(err)
	}
	return t, t.checkInfo()
}

// parseResponse reads the CMS in a response (RFC 3161, section 2.4.2).
func parseResponse(der []byte) (*pkcs7.PKCS7, error) {
	var response struct {
		Status asn1.RawValue
		Token  asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(der, &response); err != nil {
		return nil, errors.New("it is not a time stamp response")
	}
	if len(response.Token.FullBytes) == 0 {
		return nil, errors.New("it is an answer without a time stamp: the authority refused")
	}
	p7, err := pkcs7.Parse(response.Token.FullBytes)
	return p7, inWords(err)
}

// checkSigned checks the CMS around the time stamp (RFC 3161, section 2.4.2).
func (t *token) checkSigned() error {
	if len(t.p7.Signers) != 1 {
		return fmt.Errorf("it has %d signers, not one", len(t.p7.Signers))
	}
	if len(t.p7.Certificates) > maxTokenCerts {
		return fmt.Errorf("it has more than %d certificates", maxTokenCerts)
	}
	for _, c := range t.p7.Certificates {
		if err := boundKey(c.PublicKey); err != nil {
			return fmt.Errorf("a certificate in it has %w", err)
		}
	}
	if t.p7.Signers[0].DigestAlgorithm.Algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA1) {
		return errors.New("its signature is over a SHA-1 digest")
	}
	var kind asn1.ObjectIdentifier
	if err := t.p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &kind); err != nil || !kind.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}) {
		return errors.New("what is signed in it is not called a time stamp (id-ct-TSTInfo)")
	}
	return nil
}

// checkInfo checks the time stamp itself.
func (t *token) checkInfo() error {
	var info asn1.RawValue
	var version int
	if rest, err := asn1.Unmarshal(t.p7.Content, &info); err != nil || len(rest) > 0 {
		return errors.New("it is not one DER value")
	}
	if _, err := asn1.Unmarshal(info.Bytes, &version); err != nil || version != 1 {
		return errors.New("it is not of version 1")
	}
	if slices.ContainsFunc(t.stamp.Extensions, func(e pkix.Extension) bool { return e.Critical }) {
		return errors.New("it has a critical extension, of which none is known")
	}
	return nil
}

// notAfter refuses a token from after the time of verification.
func (t *token) notAfter(at time.Time) error {
	if !t.stamp.Time.After(at.Add(maxAhead)) {
		return nil
	}
	return fault.New(fault.TimestampInvalid, "it is from %s, which is later than %s", t.stamp.Time.UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339)).
		WithHint("check the clock, or verify at a later time")
}

// certID is an ESSCertID or, with an algorithm, an ESSCertIDv2 (RFC 5816).
type certID struct {
	Algorithm pkix.AlgorithmIdentifier `asn1:"optional"`
	Hash      []byte
	Serial    asn1.RawValue `asn1:"optional"`
}

// names checks that the signed attributes name a certificate as the signer's, so
// that none can be put in its place (RFC 3161, section 2.4.2; RFC 5816).
func (t *token) names(signer *x509.Certificate) error {
	found := false
	for version, id := range []asn1.ObjectIdentifier{{1, 2, 840, 113549, 1, 9, 16, 2, 12}, {1, 2, 840, 113549, 1, 9, 16, 2, 47}} {
		var attribute struct {
			Certs    []certID
			Policies asn1.RawValue `asn1:"optional"`
		}
		if err := t.p7.UnmarshalSignedAttribute(id, &attribute); err != nil {
			continue
		}
		h := crypto.SHA1 // version 1 has no other; it finds the certificate, it does not vouch for it
		if version == 1 {
			h = crypto.SHA256
		}
		if len(attribute.Certs) == 0 || !attribute.Certs[0].is(signer, h) {
			return errors.New("it names another certificate as its signer's")
		}
		found = true
	}
	if !found {
		return errors.New("it does not name its signer's certificate")
	}
	return nil
}

func (c *certID) is(cert *x509.Certificate, h crypto.Hash) bool {
	for name, other := range map[string]crypto.Hash{
		"2.16.840.1.101.3.4.2.1": crypto.SHA256, "2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
	} {
		if c.Algorithm.Algorithm.String() == name {
			h = other
		}
	}
	hash := h.New()
	hash.Write(cert.Raw)
	return bytes.Equal(hash.Sum(nil), c.Hash)
}
