package plugins

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// internet is what a plugin reaches of it through the proxy that its user has
// set: names of services that lead to servers on loopback, and certificates of
// an authority that its user trusts. The plugins are the ones that are shipped;
// nothing but their environment is made for the test.
type internet struct {
	t     *testing.T
	ca    *x509.Certificate
	key   *ecdsa.PrivateKey
	file  string            // the authority's certificate
	hosts map[string]string // host to address on loopback
	proxy *httptest.Server
}

func newInternet(t *testing.T) *internet {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	ca, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	n := &internet{t: t, ca: ca, key: key, file: filepath.Join(t.TempDir(), "ca.pem"), hosts: make(map[string]string)}
	require.NoError(t, os.WriteFile(n.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	n.proxy = httptest.NewServer(http.HandlerFunc(n.connect))
	t.Cleanup(n.proxy.Close)
	return n
}

// environment is what the user sets.
func (n *internet) environment() []string {
	return []string{"HTTPS_PROXY=" + n.proxy.URL, "SSL_CERT_FILE=" + n.file}
}

// listen returns a TLS listener that the proxy reaches under the names.
func (n *internet) listen(protocols []string, names ...string) net.Listener {
	n.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(n.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: names, NotBefore: n.ca.NotBefore, NotAfter: n.ca.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, n.ca, key.Public(), n.key)
	require.NoError(n.t, err)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: protocols, MinVersion: tls.VersionTLS12,
	})
	require.NoError(n.t, err)
	for _, name := range names {
		n.hosts[name] = listener.Addr().String()
	}
	return listener
}

// connect is the CONNECT method of an HTTP proxy.
func (n *internet) connect(w http.ResponseWriter, r *http.Request) {
	host, _, _ := strings.Cut(r.Host, ":")
	address, known := n.hosts[host]
	if r.Method != http.MethodConnect || !known {
		http.Error(w, "no such host: "+r.Host, http.StatusBadGateway)
		return
	}
	server, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(server, buffered)
		server.Close()
	}()
	_, _ = io.Copy(client, server)
}
