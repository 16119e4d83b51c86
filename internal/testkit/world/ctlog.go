package world

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"time"
)

// A CTLog promises to log certificates. No entry is kept: verifiers look at the
// signed timestamp alone.
type CTLog struct {
	URL   string
	Valid Window
	key   *ecdsa.PrivateKey
}

func newCTLog(s seed, host string, valid Window) *CTLog {
	return &CTLog{URL: "https://" + host, Valid: valid, key: s.p256()}
}

// sct is a SignedCertificateTimestamp for a certificate that has none yet
// (RFC 6962, section 3.2).
func (l *CTLog) sct(tbs []byte, issuer *x509.Certificate, at time.Time) []byte {
	millis := uint64(at.UnixMilli())
	issuerKey := sha256.Sum256(issuer.RawSubjectPublicKeyInfo)

	signed := []byte{0, 0}                                 // v1, certificate_timestamp
	signed = binary.BigEndian.AppendUint64(signed, millis) // timestamp
	signed = append(signed, 0, 1)                          // precert_entry
	signed = append(signed, issuerKey[:]...)
	signed = append(signed, byte(len(tbs)>>16), byte(len(tbs)>>8), byte(len(tbs)))
	signed = append(signed, tbs...)
	signed = append(signed, 0, 0) // no extensions
	sig := signBytes(l.key, signed)

	sct := append([]byte{0}, keyID(l.key.Public())...) // v1, log id
	sct = binary.BigEndian.AppendUint64(sct, millis)
	sct = append(sct, 0, 0, 4, 3) // no extensions, SHA-256, ECDSA
	return append16(sct, sig)
}

// sctExtension is the certificate extension that holds SCTs (RFC 6962, section
// 3.3): a list in TLS encoding inside an OCTET STRING.
func sctExtension(scts ...[]byte) pkix.Extension {
	var items []byte
	for _, sct := range scts {
		items = append16(items, sct)
	}
	return pkix.Extension{
		Id:    asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2},
		Value: must(asn1.Marshal(append16(nil, items))),
	}
}

// append16 appends bytes after their length in two bytes.
func append16(to, b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(to, uint16(len(b))), b...)
}
