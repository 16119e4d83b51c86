package world_test

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/world"
)

// files writes files into a fresh directory.
func files(t *testing.T, content map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range content {
		write(t, dir, name, data)
	}
	return dir
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

// publicKey is the world's bare key, in PEM.
func publicKey(t *testing.T, w *world.World) []byte {
	t.Helper()
	return w.Evidence(world.Options{Signer: world.Key, Log: world.NoLog}).Demand.PublicKey
}

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

// TestRevocationBySSL has OpenSSL judge certificates by the private authority's
// revocation lists.
func TestRevocationBySSL(t *testing.T) {
	w := world.New(t.Name())
	e := w.Evidence(world.Options{Signer: world.PrivateCA, Log: world.NoLog})
	leaf, chain, yesterday := e.Leaf(), w.Private.Chain(), w.Clock.Now().AddDate(0, 0, -1)
	revoked := w.Private.CRL(world.CRL{Revoked: []world.Revocation{{Serial: leaf.SerialNumber, At: yesterday}}})
	stale := w.Private.CRL(world.CRL{From: yesterday.AddDate(0, 0, -7)})
	ofRoot := w.Private.CRL(world.CRL{ByRoot: true})
	ofStranger := w.Stranger().Private.CRL(world.CRL{})
	for name, tt := range map[string]struct {
		crls []byte
		want string // in OpenSSL's complaint, "" when it is content
	}{
		"current":     {e.CRLs, ""},
		"revoked":     {append(revoked, ofRoot...), "certificate revoked"},
		"stale":       {append(stale, ofRoot...), "CRL has expired"},
		"missing":     {ofRoot, "unable to get certificate CRL"},
		"of stranger": {append(ofStranger, ofRoot...), "unable to get certificate CRL"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := files(t, map[string][]byte{
				"leaf.pem": world.CertificatePEM(leaf), "root.pem": world.CertificatePEM(chain[1]),
				"chain.pem": world.CertificatePEM(chain[0]), "crls.pem": tt.crls,
			})
			out, complaint, err := testkit.TryTool(t, dir, "openssl", "verify", "-CAfile", "root.pem", "-untrusted", "chain.pem",
				"-CRLfile", "crls.pem", "-crl_check_all", "-attime", "1780315200", "leaf.pem")
			if tt.want == "" {
				require.NoError(t, err, "%s%s", out, complaint)
				return
			}
			require.Error(t, err)
			assert.Contains(t, string(complaint), tt.want)
		})
	}
}

// TestCosignatures has transparency-dev's library verify what witnesses sign.
func TestCosignatures(t *testing.T) {
	w := world.New(t.Name())
	e := w.Evidence(world.Options{Log: world.LogV2, Cosignatures: 2})
	b := &bundlepb.Bundle{}
	require.NoError(t, protojson.Unmarshal(e.Bundle, b))
	checkpoint := b.VerificationMaterial.TlogEntries[0].InclusionProof.Checkpoint.Envelope

	var verifiers []note.Verifier
	for _, key := range e.Demand.Witnesses {
		v, err := formats.NewVerifierForCosignatureV1(key)
		require.NoError(t, err)
		verifiers = append(verifiers, v)
	}
	require.Len(t, verifiers, 3)
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(verifiers...))
	require.NoError(t, err)
	require.Len(t, opened.Sigs, 2)
	for _, s := range opened.Sigs {
		at, err := formats.CoSigV1Timestamp(s)
		require.NoError(t, err)
		assert.Equal(t, w.Clock.Now().Add(time.Second), at.UTC())
	}
	assert.True(t, strings.HasPrefix(opened.Text, "log2026.rekor.world.test\n"))
}
