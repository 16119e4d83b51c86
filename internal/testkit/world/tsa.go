package world

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync/atomic"
	"time"
)

// A TSA is a timestamp authority (RFC 3161) with a chain of three certificates.
type TSA struct {
	URL    string
	Valid  Window
	seed   seed
	root   *authority
	middle *authority
	leaf   *authority
	clock  *Clock
	count  atomic.Uint64
}

func newTSA(s seed, host string, valid Window, clock *Clock) *TSA {
	root := newAuthority(s.sub("root"), nil, caTemplate("TSA root", valid, 1))
	middle := newAuthority(s.sub("intermediate"), root, caTemplate("TSA intermediate", valid, 0))
	leaf := newAuthority(s.sub("leaf"), middle, tsaTemplate(valid))
	return &TSA{URL: "https://" + host, Valid: valid, seed: s, root: root, middle: middle, leaf: leaf, clock: clock}
}

// withLeaf is the same authority with another certificate for timestamps, which
// depends on the change alone.
func (t *TSA) withLeaf(change func(*x509.Certificate)) *TSA {
	template := tsaTemplate(t.Valid)
	change(template)
	s := t.seed.sub("other leaf")
	leaf := newAuthority(s, t.middle, template)
	return &TSA{URL: t.URL, Valid: t.Valid, seed: s, root: t.root, middle: t.middle, leaf: leaf, clock: t.clock}
}

// tsaTemplate is a certificate for timestamps: its extended key usage is critical
// and the only one (RFC 3161, section 2.3).
func tsaTemplate(valid Window) *x509.Certificate {
	eku := must(asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}))
	return &x509.Certificate{
		Subject:         pkix.Name{Organization: []string{"world.test"}, CommonName: "TSA"},
		NotBefore:       valid.From,
		NotAfter:        valid.Until,
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: eku}},
	}
}

// Chain is the authority's certificates, its own first and the root last.
func (t *TSA) Chain() []*x509.Certificate {
	return []*x509.Certificate{t.leaf.cert, t.middle.cert, t.root.cert}
}

// Stamp says what a timestamp is like.
type Stamp struct {
	At            time.Time   // default the world's time; whole seconds
	Hash          crypto.Hash // of the message; default SHA-256
	Nonce         *big.Int
	NoCertificate bool // the token names its certificate but does not hold it
}

// Stamp makes a TimeStampResp over a message: for a bundle, the signature's bytes.
func (t *TSA) Stamp(message []byte, s Stamp) []byte {
	if s.Hash == 0 {
		s.Hash = crypto.SHA256
	}
	return t.stampDigest(sum(s.Hash, message), s)
}

// stampDigest is Stamp over a digest, as clients send it.
func (t *TSA) stampDigest(digest []byte, s Stamp) []byte { return granted(t.token(digest, s).sign()) }

// token is what the authority says of a digest.
func (t *TSA) token(digest []byte, s Stamp) token {
	if s.Hash == 0 {
		s.Hash = crypto.SHA256
	}
	if s.At.IsZero() {
		s.At = t.clock.Now()
	}
	made := token{
		info: tstInfo{
			Version: 1, Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2},
			Imprint: messageImprint{algorithmOf(s.Hash), digest},
			Serial:  t.seed.sub("token %d", t.count.Add(1)).serial(),
			Time:    s.At.UTC().Truncate(time.Second), Nonce: s.Nonce,
		},
		contentType: oidTSTInfo(), signer: t.leaf, named: t.leaf.cert,
	}
	if !s.NoCertificate {
		made.certificates = t.Chain()[:2]
	}
	return made
}

// granted is the response that carries a token (RFC 3161, section 2.4.2).
func granted(token []byte) []byte {
	type status struct{ Status int }
	return must(asn1.Marshal(struct {
		Status status
		Token  asn1.RawValue
	}{status{0}, asn1.RawValue{FullBytes: token}}))
}
