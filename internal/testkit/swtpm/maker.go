package swtpm

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
)

// Maker makes TPMs with endorsement certificates: swtpm_setup with a certificate
// authority of its own, which has a root and issues by an intermediate certificate.
type Maker struct{ dir string }

// NewMaker returns a maker. It has certificates when it has made a TPM.
func NewMaker(t testing.TB) *Maker {
	t.Helper()
	m := &Maker{t.TempDir()}
	for name, content := range map[string]string{
		"setup.conf":   "create_certs_tool = swtpm_localca\ncreate_certs_tool_config = " + m.path("localca.conf") + "\ncreate_certs_tool_options = " + m.path("options") + "\n",
		"localca.conf": "statedir = " + m.dir + "\nsigningkey = " + m.path("key.pem") + "\nissuercert = " + m.path("issuer.pem") + "\ncertserial = " + m.path("serial") + "\n",
		"options":      "--platform-manufacturer Test\n--platform-version 1\n--platform-model Test\n",
	} {
		require.NoError(t, os.WriteFile(m.path(name), []byte(content), 0o600))
	}
	return m
}

func (m *Maker) path(name string) string { return filepath.Join(m.dir, name) }

// Make gives a new TPM its endorsement certificate and starts it.
func (m *Maker) Make(t testing.TB) *TPM {
	t.Helper()
	device := New(t)
	device.Kill()
	testkit.Tool(t, m.dir, "swtpm_setup", "--tpm2", "--tpmstate", device.Dir, "--config", m.path("setup.conf"), "--create-ek-cert", "--overwrite")
	device.Start(t)
	return device
}

// Root and Issuer return the maker's certificates in PEM.
func (m *Maker) Root(t testing.TB) []byte {
	t.Helper()
	return m.read(t, "swtpm-localca-rootca-cert.pem")
}
func (m *Maker) Issuer(t testing.TB) []byte { t.Helper(); return m.read(t, "issuer.pem") }

func (m *Maker) read(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(m.path(name))
	require.NoError(t, err)
	return content
}

// Pool returns certificates in PEM as a pool.
func Pool(t testing.TB, pem ...[]byte) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	for _, text := range pem {
		require.True(t, pool.AppendCertsFromPEM(text))
	}
	return pool
}
