package world

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"
)

// The types below are those of RFC 3161 and RFC 5652 that a timestamp needs.

type messageImprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

// tstInfo is RFC 3161's TSTInfo, section 2.4.2.
type tstInfo struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  messageImprint
	Serial   *big.Int
	Time     time.Time `asn1:"generalized"`
	Ordering bool      `asn1:"optional"`
	Nonce    *big.Int  `asn1:"optional"`

	Extensions []pkix.Extension `asn1:"optional,omitempty,tag:1"`
}

// contentInfo is RFC 5652's ContentInfo, section 3, of signed data.
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content signedData `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      encapsulated
	Certificates asn1.RawValue `asn1:"optional"`
	Signers      []signerInfo  `asn1:"set"`
}

type encapsulated struct {
	Type    asn1.ObjectIdentifier
	Content []byte `asn1:"explicit,tag:0"`
}

type signerInfo struct {
	Version    int
	Signer     issuerAndSerial
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// A token is what goes into a TimeStampToken.
type token struct {
	info         tstInfo
	contentType  asn1.ObjectIdentifier
	signer       *authority
	named        *x509.Certificate // by the signed attributes; nil leaves the attribute out
	certificates []*x509.Certificate
}

// sign makes a token: signed data (RFC 5652, section 5) with the attributes that
// RFC 3161, section 2.4.2, and RFC 5816 demand.
func (t token) sign() []byte {
	content := must(asn1.Marshal(t.info))
	attributes := t.attributes(content)
	data := signedData{
		Version: 3, Digests: []pkix.AlgorithmIdentifier{algorithmOf(crypto.SHA256)},
		Content: encapsulated{t.contentType, content},
		Signers: []signerInfo{{
			Version:    1,
			Signer:     issuerAndSerial{asn1.RawValue{FullBytes: t.signer.cert.RawIssuer}, t.signer.cert.SerialNumber},
			Digest:     algorithmOf(crypto.SHA256),
			Attributes: implicitSet(attributes),
			Algorithm:  pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}},
			// RFC 5652, section 5.4: signed as a SET OF, whatever their tag is where they stand.
			Signature: signBytes(t.signer.key, attributes),
		}},
	}
	var chain []byte
	for _, c := range t.certificates {
		chain = append(chain, c.Raw...)
	}
	if len(chain) > 0 {
		data.Certificates = asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: chain}
	}
	return must(asn1.Marshal(contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, data}))
}

// attributes is the DER of the signed attributes, as SET OF.
func (t token) attributes(content []byte) []byte {
	set := []attribute{
		newAttribute(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, t.contentType),
		newAttribute(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, sum(crypto.SHA256, content)),
	}
	if t.named != nil {
		type essCertIDv2 struct{ Hash []byte }
		type signingCertificateV2 struct{ Certs []essCertIDv2 }
		named := signingCertificateV2{[]essCertIDv2{{sum(crypto.SHA256, t.named.Raw)}}}
		set = append(set, newAttribute(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}, named))
	}
	return must(asn1.MarshalWithParams(set, "set"))
}

func newAttribute(kind asn1.ObjectIdentifier, value any) attribute {
	return attribute{kind, []asn1.RawValue{{FullBytes: must(asn1.Marshal(value))}}}
}

// implicitSet is a SET under the tag [0].
func implicitSet(set []byte) asn1.RawValue {
	tagged := bytes.Clone(set)
	tagged[0] = 0xa0
	return asn1.RawValue{FullBytes: tagged}
}

func oidTSTInfo() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
}

// algorithmOf is a hash as AlgorithmIdentifier.
func algorithmOf(hash crypto.Hash) pkix.AlgorithmIdentifier {
	oid := map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1:   {1, 3, 14, 3, 2, 26},
		crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
		crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
	}[hash]
	return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.NullRawValue}
}
