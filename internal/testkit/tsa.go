package testkit

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TSA is a time stamp authority that is OpenSSL's "ts" command.
type TSA struct {
	// Chain is its certificate and its root's, in PEM.
	Chain []byte

	t   testing.TB
	dir string
}

const tsaConfig = `
[tsa]
default_tsa = this
[this]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = root.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`

// NewTSA makes an authority with a root of its own, both valid from 2020 to 2040.
func NewTSA(t testing.TB) *TSA {
	t.Helper()
	s := &TSA{t: t, dir: t.TempDir()}
	rootKey, rootDER, rootCert := s.certify("tsa root", nil, nil)
	key, der, _ := s.certify("tsa", rootKey, rootCert)
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})
	leaf := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.Chain = append(bytes.Clone(leaf), root...)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	s.must(err)
	s.write("root.pem", root)
	s.write("tsa.pem", leaf)
	s.write("tsa.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	s.write("tsa.conf", []byte(tsaConfig))
	s.write("serial", []byte("01\n"))
	return s
}

// Reply returns the response to a query, both in DER. With a time other than zero
// the authority's clock shows it, by faketime.
func (s *TSA) Reply(query []byte, at time.Time) []byte {
	s.t.Helper()
	s.write("query.tsq", query)
	args := []string{"openssl", "ts", "-reply", "-config", "tsa.conf", "-queryfile", "query.tsq", "-out", "reply.tsr"}
	if !at.IsZero() {
		args = append([]string{"TZ=UTC", "faketime", "-f", "@" + at.UTC().Format("2006-01-02 15:04:05")}, args...)
	}
	Tool(s.t, s.dir, "env", args...)
	reply, err := os.ReadFile(filepath.Join(s.dir, "reply.tsr"))
	s.must(err)
	return reply
}

// ServeHTTP answers as RFC 3161 demands (section 3.4).
func (s *TSA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(s.Reply(query, time.Time{})) // the client says what it misses
}

// certify makes a key and its certificate, of a root unless an issuer is given.
func (s *TSA) certify(name string, issuerKey *ecdsa.PrivateKey, issuer *x509.Certificate) (*ecdsa.PrivateKey, []byte, *x509.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC),
		BasicConstraintsValid: true,
	}
	if issuer == nil {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
		issuerKey, issuer = key, template
	} else {
		template.KeyUsage = x509.KeyUsageDigitalSignature
		usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}) // RFC 3161, section 2.3
		s.must(err)
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}
	}
	der, err := x509.CreateCertificate(nil, template, issuer, key.Public(), issuerKey)
	s.must(err)
	cert, err := x509.ParseCertificate(der)
	s.must(err)
	return key, der, cert
}

func (s *TSA) write(name string, data []byte) {
	s.must(os.WriteFile(filepath.Join(s.dir, name), data, 0o600))
}

func (s *TSA) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}
