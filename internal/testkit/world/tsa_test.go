package world_test

import (
	"bytes"
	"crypto"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/world"
)

// TestTimestampsBySSL has OpenSSL verify the authority's responses.
func TestTimestampsBySSL(t *testing.T) {
	w, message := world.New(t.Name()), []byte("a signature")
	chain := w.TSA.Chain()
	for name, s := range map[string]world.Stamp{
		"sha256": {}, "sha384": {Hash: crypto.SHA384}, "sha512": {Hash: crypto.SHA512}, "nonce": {Nonce: big.NewInt(4711)},
		"bare": {NoCertificate: true}, "past": {At: w.Clock.Now().AddDate(-1, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := files(t, map[string][]byte{
				"message": message, "response": w.TSA.Stamp(message, s),
				"root.pem": world.CertificatePEM(chain[2]), "chain.pem": world.CertificatePEM(chain[:2]...),
			})
			verifySSL(t, dir, "message")
			write(t, dir, "message", []byte("another signature"))
			_, _, err := testkit.TryTool(t, dir, "openssl", append(sslVerify(), "-data", "message")...)
			require.Error(t, err)
		})
	}
}

// verifySSL has OpenSSL verify a response over a file.
func verifySSL(t *testing.T, dir, message string) {
	t.Helper()
	testkit.Tool(t, dir, "openssl", append(sslVerify(), "-data", message)...)
}

// sslVerify verifies at the present time of the world, whenever the test runs.
func sslVerify() []string {
	return []string{"ts", "-verify", "-in", "response", "-CAfile", "root.pem", "-untrusted", "chain.pem", "-attime", "1780315200"}
}

// TestTSAServer asks the authority over HTTP with requests that OpenSSL made.
func TestTSAServer(t *testing.T) {
	w := world.New(t.Name())
	server := httptest.NewServer(w.TSA)
	defer server.Close()
	for _, hash := range []string{"-sha256", "-sha384", "-sha512"} {
		dir := files(t, map[string][]byte{
			"message": []byte("a signature"), "root.pem": world.CertificatePEM(w.TSA.Chain()[2]),
			"chain.pem": world.CertificatePEM(w.TSA.Chain()[:2]...),
		})
		query := testkit.Tool(t, dir, "openssl", "ts", "-query", "-data", "message", hash, "-cert")
		write(t, dir, "query", query)
		write(t, dir, "response", post(t, server.URL, query))
		testkit.Tool(t, dir, "openssl", append(sslVerify(), "-queryfile", "query")...)
	}
}

func TestTSAServerRefuses(t *testing.T) {
	server := httptest.NewServer(world.New(t.Name()).TSA)
	defer server.Close()
	dir := files(t, map[string][]byte{"message": []byte("a signature")})
	sha1 := testkit.Tool(t, dir, "openssl", "ts", "-query", "-data", "message", "-sha1")
	for name, query := range map[string][]byte{"garbage": []byte("no query"), "empty": nil, "sha1": sha1} {
		write(t, dir, "response", post(t, server.URL, query))
		text := testkit.Tool(t, dir, "openssl", "ts", "-reply", "-in", "response", "-text")
		assert.Contains(t, string(text), "Status: Rejected", name)
	}
	got, err := http.Get(server.URL)
	require.NoError(t, err)
	defer got.Body.Close()
	assert.Equal(t, http.StatusBadRequest, got.StatusCode)
	large, err := http.Post(server.URL, "application/timestamp-query", bytes.NewReader(make([]byte, 1<<20)))
	require.NoError(t, err)
	defer large.Body.Close()
	assert.Equal(t, http.StatusRequestEntityTooLarge, large.StatusCode)
}

func post(t *testing.T, url string, query []byte) []byte {
	t.Helper()
	resp, err := http.Post(url, "application/timestamp-query", bytes.NewReader(query))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Equal(t, "application/timestamp-reply", resp.Header.Get("Content-Type"))
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return body
}
