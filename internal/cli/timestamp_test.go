package cli

import (
	"encoding/json/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
)

// stellaIn runs a command in memory, with the clock and network of this machine.
func stellaIn(t *testing.T, dir string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Chdir(dir)
	w := newWorld("HOME="+dir, "STELLA_AUDIT_LOG="+filepath.Join(dir, "audit"))
	w.Now, w.HTTP = time.Now, http.DefaultTransport
	status = Main(args, w.Env)
	return status, w.stdout.String(), w.stderr.String()
}

// TestTimestampAuthority has OpenSSL stamp a signature, over loopback and by
// carrying the request to it, at a time in the past.
func TestTimestampAuthority(t *testing.T) {
	dir, tsa := t.TempDir(), testkit.NewTSA(t)
	server := httptest.NewServer(tsa)
	defer server.Close()
	run := func(want int, args ...string) string {
		t.Helper()
		status, stdout, stderr := stellaIn(t, dir, args...)
		require.Equal(t, want, status, "%s%s", stdout, stderr)
		return stdout + stderr
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tsa.pem"), tsa.Chain, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app"), []byte("app"), 0o600))
	run(0, "keys", "generate", "--no-passphrase", "-o", "key")
	run(0, "sign", "blob", "app", "--key", "key", "-o", "app.sigstore.json", "--audit-log", "none")

	t.Run("online", func(t *testing.T) {
		run(5, "attest", "timestamp", "app.sigstore.json", "--tsa", server.URL, "-o", "online.json")
		out := run(0, "attest", "timestamp", "app.sigstore.json", "--tsa", server.URL, "--online",
			"--timestamp-certificate-chain", "tsa.pem", "-o", "online.json", "--format", "json")
		assert.Contains(t, out, `"authority": "CN=tsa root"`)
		out = run(0, "verify", "online.json", "--key", "key.pub", "--subject", "app",
			"--timestamp-certificate-chain", "tsa.pem", "--require-timestamp", "1")
		assert.Contains(t, out, "timestamp of CN=tsa root")
	})
	t.Run("carried, in the past", func(t *testing.T) {
		run(0, "attest", "timestamp", "app.sigstore.json", "--request", "--hash", "sha384", "-o", "app.tsq")
		query, err := os.ReadFile(filepath.Join(dir, "app.tsq"))
		require.NoError(t, err)
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "app.tsr"), tsa.Reply(query, at), 0o600))
		run(0, "attest", "timestamp", "app.sigstore.json", "--attach", "app.tsr", "--query", "app.tsq",
			"--timestamp-certificate-chain", "tsa.pem", "-o", "past.json")
		var verdict struct {
			Verified bool `json:"verified"`
			Results  []struct {
				Signers []struct {
					Time struct {
						At     time.Time `json:"at"`
						Proven bool      `json:"proven"`
					} `json:"time"`
				} `json:"signers"`
			} `json:"results"`
		}
		out := run(0, "verify", "past.json", "--key", "key.pub", "--subject", "app",
			"--timestamp-certificate-chain", "tsa.pem", "--format", "json")
		require.NoError(t, json.Unmarshal([]byte(out), &verdict, json.RejectUnknownMembers(false)))
		assert.True(t, verdict.Verified)
		assert.True(t, verdict.Results[0].Signers[0].Time.Proven)
		assert.WithinDuration(t, at, verdict.Results[0].Signers[0].Time.At, 30*time.Second)
	})
	t.Run("beside a detached signature", func(t *testing.T) {
		var b struct {
			MessageSignature struct {
				Signature string `json:"signature"`
			} `json:"messageSignature"`
		}
		raw, err := os.ReadFile(filepath.Join(dir, "app.sigstore.json"))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &b, json.RejectUnknownMembers(false)))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "app.sig"), []byte(b.MessageSignature.Signature), 0o600))
		check := func(want int, args ...string) {
			t.Helper()
			run(want, append([]string{
				"verify", "app.sig", "--key", "key.pub", "--subject", "app",
				"--timestamp-certificate-chain", "tsa.pem", "--require-timestamp", "1",
			}, args...)...)
		}
		check(0, "--rfc3161-timestamp", "app.tsr")
		check(3)
		run(0, "sign", "blob", "key.pub", "--key", "key", "-o", "other.json", "--audit-log", "none")
		run(0, "attest", "timestamp", "other.json", "--request", "-o", "other.tsq")
		query, err := os.ReadFile(filepath.Join(dir, "other.tsq"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "other.tsr"), tsa.Reply(query, time.Time{}), 0o600))
		check(3, "--rfc3161-timestamp", "other.tsr")
	})
	t.Run("two by one authority count once", func(t *testing.T) {
		run(0, "attest", "timestamp", "online.json", "--attach", "app.tsr", "-o", "two.json")
		for want, n := range map[int]string{0: "1", 3: "2"} {
			run(want, "verify", "two.json", "--key", "key.pub", "--subject", "app",
				"--timestamp-certificate-chain", "tsa.pem", "--require-timestamp", n)
		}
	})
}
