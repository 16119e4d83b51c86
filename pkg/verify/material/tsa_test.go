package material_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify/material"
)

// TestParseTSA trusts a TSA by its certificates alone.
func TestParseTSA(t *testing.T) {
	w := world.New("tsa")
	chain := w.TSA.Chain() // leaf, intermediate, root
	signature := []byte("signature")
	with, without := w.TSA.Stamp(signature, world.Stamp{At: noon()}), w.TSA.Stamp(signature, world.Stamp{At: noon(), NoCertificate: true})
	tests := map[string]struct {
		certificates  []*x509.Certificate
		with, without bool // whether tokens with and without certificate are good
	}{
		"whole chain":        {chain, true, true},
		"any order":          {[]*x509.Certificate{chain[2], chain[0], chain[1]}, true, true},
		"without its own":    {chain[1:], true, false},
		"root alone":         {chain[2:], true, false},
		"of another TSA":     {w.Stranger().TSA.Chain(), false, false},
		"other leaf, issuer": {append(w.Stranger().TSA.Chain()[:1:1], chain[1:]...), false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := material.ParseTSA("tsa.pem", world.CertificatePEM(tt.certificates...))
			require.NoError(t, err)
			require.Equal(t, material.KindTSA, r.Authorities()[0].Kind)
			assert.Equal(t, tt.with, r.Token(with, signature, noon()).Err == nil)
			assert.Equal(t, tt.without, r.Token(without, signature, noon()).Err == nil)
		})
	}
}

// TestParseTSARefuses reads files that are not one TSA.
func TestParseTSARefuses(t *testing.T) {
	w := world.New("tsa")
	chain, other := w.TSA.Chain(), w.Stranger().TSA.Chain()
	for name, data := range map[string][]byte{
		"nothing":    nil,
		"no root":    world.CertificatePEM(chain[:2]...),
		"two roots":  world.CertificatePEM(append(chain[:3:3], other[2])...),
		"two leaves": world.CertificatePEM(append(chain[:3:3], other[0])...),
		"a CRL":      newRoot(t, "Root").crl(nil),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := material.ParseTSA("tsa.pem", data)
			require.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), "%v", err)
		})
	}
}

// TestParseTSARoot says what is wrong with the one certificate that is signed by
// itself: it is not a CA's.
func TestParseTSARoot(t *testing.T) {
	template := authorityTemplate("TSA")
	template.IsCA, template.KeyUsage = false, x509.KeyUsageDigitalSignature
	_, err := material.ParseTSA("tsa.pem", (&issuer{t: t}).issue(template).pem())
	require.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), "%v", err)
	require.ErrorContains(t, err, `the certificate of "CN=TSA" is signed by itself, as a root is, and is not a CA's`)
	require.ErrorContains(t, err, "CA:TRUE")
}

// opensslConfig is a TSA of OpenSSL; the placeholder is the hash by which tokens
// name its certificate.
const opensslConfig = `
[tsa]
default_tsa = here
[here]
serial = serial
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
signer_digest = sha256
ess_cert_id_alg = %
`

// TestOpenSSL judges tokens that OpenSSL made.
func TestOpenSSL(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
		return name
	}
	now := time.Now()
	around := func(c *x509.Certificate) *x509.Certificate {
		c.NotBefore, c.NotAfter = now.Add(-time.Hour), now.Add(time.Hour)
		return c
	}
	root := (&issuer{t: t}).issue(around(authorityTemplate("TSA root")))
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	require.NoError(t, err)
	leaf := root.issue(around(&x509.Certificate{
		Subject: pkix.Name{CommonName: "TSA"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}))
	key, err := x509.MarshalPKCS8PrivateKey(leaf.key)
	require.NoError(t, err)
	write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	write("tsa.pem", leaf.pem())
	write("signature", []byte("signature"))
	trusted, err := material.ParseTSA("tsa.pem", append(leaf.pem(), root.pem()...))
	require.NoError(t, err)

	for _, ess := range []string{"sha1", "sha256", "sha512"} {
		for _, request := range [][]string{{"-sha256", "-cert"}, {"-sha512"}} {
			t.Run(ess+request[0], func(t *testing.T) {
				write("serial", []byte("01\n"))
				write("tsa.cnf", []byte(strings.ReplaceAll(opensslConfig, "%", ess)))
				testkit.Tool(t, dir, "openssl", append([]string{"ts", "-query", "-data", "signature", "-out", "query"}, request...)...)
				testkit.Tool(t, dir, "openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-signer", "tsa.pem", "-inkey", "key.pem", "-out", "reply")
				der, err := os.ReadFile(filepath.Join(dir, "reply"))
				require.NoError(t, err)
				found := trusted.Token(der, []byte("signature"), now)
				require.NoError(t, found.Err)
				assert.Equal(t, "CN=TSA root", found.Authority)
				assert.WithinDuration(t, now, found.Time, time.Minute)
				assert.Equal(t, fault.TimestampInvalid, fault.ReasonOf(trusted.Token(der, []byte("another"), now).Err))
				assert.Equal(t, fault.TimestampInvalid, fault.ReasonOf(trusted.Token(der, []byte("signature"), now.Add(-time.Hour)).Err), "from the future")
				require.ErrorIs(t, (*material.Root)(nil).Token(der, []byte("signature"), now).Err, material.ErrNotTrusted)
			})
		}
	}
}
