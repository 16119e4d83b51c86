//go:build pkcs11 && cgo && !windows

package pkcs11_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/pkcs11"
)

// The PINs of the tests' tokens.
const (
	pin      = "571482"
	wrongPIN = "900317"
)

// answers is a source that always gives p.
func answers(p string) keys.Passphrases {
	return func(ctx context.Context, _ keys.Prompt) ([]byte, error) { return []byte(p), ctx.Err() }
}

// hsm is a SoftHSM2 with tokens of its own.
type hsm struct {
	dir, module string
}

// moduleNamed returns the path of an installed module, or skips the test.
func moduleNamed(t testing.TB, name string) string {
	t.Helper()
	for _, m := range pkcs11.Modules() {
		if m.Name == name {
			return m.Path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("PKCS #11 module %s is not installed", name)
	}
	t.Skipf("PKCS #11 module %s is not installed: install it to run this test", name)
	return ""
}

// newHSM makes tokens with the labels. SoftHSM2 finds them by the environment.
func newHSM(t testing.TB, labels ...string) *hsm {
	t.Helper()
	h := &hsm{dir: tokenDir(t), module: moduleNamed(t, "softhsm2")}
	require.NoError(t, os.Mkdir(filepath.Join(h.dir, "tokens"), 0o700))
	config := filepath.Join(h.dir, "softhsm2.conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil,
		"directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\nslots.mechanisms = ALL\n", h.dir), 0o600))
	t.Setenv("SOFTHSM2_CONF", config)
	for _, label := range labels {
		testkit.Tool(t, h.dir, "softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", pin)
	}
	return h
}

// tokenDir returns a new directory that goes with the test, once no token is at work in it
// any more: a call that was given up goes on until the token is done.
func tokenDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "softhsm-")
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.Eventually(t, func() bool { return os.RemoveAll(dir) == nil }, time.Minute, 50*time.Millisecond)
	})
	return dir
}

// put puts a key of ours into a token, and returns it.
func (h *hsm) put(t testing.TB, token, label string, id byte, a keys.Algorithm) crypto.Signer {
	t.Helper()
	key, err := keys.Generate(a)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	path := filepath.Join(h.dir, label+".pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	testkit.Tool(t, h.dir, "softhsm2-util", "--import", path, "--token", token, "--label", label, "--id", hex.EncodeToString([]byte{id}), "--pin", pin)
	return key
}

// tool runs pkcs11-tool on a token, logged in.
func (h *hsm) tool(t testing.TB, token string, args ...string) []byte {
	t.Helper()
	return testkit.Tool(t, h.dir, "pkcs11-tool", append([]string{"--module", h.module, "--token-label", token, "--login", "--pin", pin}, args...)...)
}

// driver returns a driver that asks ask for the PIN.
func (h *hsm) driver(ask keys.Passphrases) *pkcs11.Driver {
	return pkcs11.New(pkcs11.Config{Ask: ask, Module: h.module, Env: keys.NewEnvironment(os.LookupEnv, os.Unsetenv)})
}

func ref(t testing.TB, s string) keys.Ref {
	t.Helper()
	r, err := keys.ParseRef(s)
	require.NoError(t, err)
	return r
}

// query encodes a path for a reference's options.
func query(path string) string { return url.QueryEscape(path) }
