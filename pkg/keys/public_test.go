package keys_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// certificate makes a self-signed certificate, changed by the caller.
func certificate(t testing.TB, key crypto.Signer, change func(*x509.Certificate)) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "release"},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:  time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return der
}

func TestParsePublic(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	require.NoError(t, err)
	spki := publicDER(t, key.Public())
	cert := certificate(t, key, func(*x509.Certificate) {})
	pkcs1 := x509.MarshalPKCS1PublicKey(&key.PublicKey)
	for _, row := range []struct {
		name, in string
		count    int
		cert     bool
	}{
		{"PEM", pemText("PUBLIC KEY", spki), 1, false},
		{"PEM with CRLF", strings.ReplaceAll(pemText("PUBLIC KEY", spki), "\n", "\r\n"), 1, false},
		{"PEM without a last line ending", strings.TrimSpace(pemText("PUBLIC KEY", spki)), 1, false},
		{"PEM with text before", "Public-Key: (3072 bit)\n" + pemText("PUBLIC KEY", spki), 1, false},
		{"PKCS #1", pemText("RSA PUBLIC KEY", pkcs1), 1, false},
		{"DER", string(spki), 1, false},
		{"certificate", pemText("CERTIFICATE", cert), 1, true},
		{"certificate in DER", string(cert), 1, true},
		{"several", pemText("PUBLIC KEY", spki) + pemText("CERTIFICATE", cert), 2, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := keys.ParsePublic([]byte(row.in))
			require.NoError(t, err)
			require.Len(t, got, row.count)
			for _, k := range got {
				assert.Equal(t, spki, publicDER(t, k.Key))
			}
			assert.Equal(t, row.cert, got[0].Certificate != nil)
		})
	}
}

func TestParsePublicRefuses(t *testing.T) {
	key, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	spki := pemText("PUBLIC KEY", publicDER(t, key.Public()))
	ca := certificate(t, key, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
	private, err := keys.MarshalPrivate(key, keys.FormatPKCS8, nil)
	require.NoError(t, err)
	privateDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	small, err := rsa.GenerateKey(rand.Reader, 3072)
	require.NoError(t, err)
	for _, row := range []struct {
		name, in string
		want     fault.Reason
	}{
		{"empty", "", fault.InputEmpty},
		{"text", "hello", fault.KeyMalformed},
		{"too large", strings.Repeat("#\n", keys.MaxPublicFileSize), fault.InputTooLarge},
		{"too many blocks", strings.Repeat("-----BEGIN ", 1025), fault.InputTooLarge},
		{"UTF-16", "\xfe\xff\x00-", fault.InputEncoding},
		{"private key", string(private), fault.KeyPrivate},
		{"private key in DER", string(privateDER), fault.KeyPrivate},
		{"private key behind a public one", spki + string(private), fault.KeyPrivate},
		{"encrypted private key", pemText("ENCRYPTED SIGSTORE PRIVATE KEY", []byte("{}")), fault.KeyPrivate},
		{"CA certificate", pemText("CERTIFICATE", ca), fault.KeyUnsupported},
		{"certificate request", pemText("CERTIFICATE REQUEST", []byte{0x30, 0}), fault.KeyUnsupported},
		{"PKCS #1 in DER", string(x509.MarshalPKCS1PublicKey(&small.PublicKey)), fault.KeyUnsupported},
		{"truncated", spki[:60], fault.KeyMalformed},
		{"second block truncated", spki + spki[:60], fault.KeyMalformed},
		{"garbage in PEM", pemText("PUBLIC KEY", []byte("garbage")), fault.KeyMalformed},
		{"garbage in a certificate", pemText("CERTIFICATE", []byte("garbage")), fault.KeyMalformed},
		{"DER that is nothing", "\x30\x02\x05\x00", fault.KeyMalformed},
		{"DER that is short", "\x30\x82", fault.KeyMalformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := keys.ParsePublic([]byte(row.in))
			require.Error(t, err)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
}

func TestParsePublicUnsupportedByOpenSSL(t *testing.T) {
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"P-521":   {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"},
		"Ed448":   {"-algorithm", "ED448"},
		"RSA-PSS": {"-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"},
		"1024":    {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"},
	} {
		t.Run(name, func(t *testing.T) {
			openssl(t, dir, append([]string{"genpkey", "-out", "k"}, args...)...)
			_, err := keys.ParsePublic(openssl(t, dir, "pkey", "-in", "k", "-pubout"))
			assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, name)
		})
	}
}

func TestCertificateHolder(t *testing.T) {
	key, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	link := &url.URL{Scheme: "https", Host: "ci.example", Path: "/release"}
	for _, row := range []struct {
		name   string
		change func(*x509.Certificate)
		want   string
	}{
		{"subject", func(*x509.Certificate) {}, `certificate issuer="CN=release" subject="CN=release"`},
		{"e-mail", func(c *x509.Certificate) { c.EmailAddresses = []string{"a@b"} }, `certificate issuer="CN=release" san="a@b"`},
		{
			"several, sorted", func(c *x509.Certificate) { c.URIs, c.EmailAddresses = []*url.URL{link}, []string{"z@b"} },
			`certificate issuer="CN=release" san="https://ci.example/release" san="z@b"`,
		},
		{
			"a name that imitates two", func(c *x509.Certificate) { c.EmailAddresses = []string{`a@b" san="c@d`} },
			`certificate issuer="CN=release" san="a@b\" san=\"c@d"`,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			cert, err := x509.ParseCertificate(certificate(t, key, row.change))
			require.NoError(t, err)
			assert.Equal(t, row.want, keys.CertificateHolder(cert))
		})
	}
}
