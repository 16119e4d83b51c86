package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/pages"
	"github.com/stellaops/stella/pkg/keys/pkcs11"
)

// TestPages types the sessions of pages of the documentation, each page in a fresh
// copy of testdata/examples and with the device that it is about.
func TestPages(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the sessions are lines for a Unix shell")
	}
	worlds := map[string]func(t *testing.T, dir string) (environ []string){
		"keys/pkcs11.md":  softHSM,
		"keys/tpm.md":     certifiedTPM,
		"keys/fido2.md":   newToken,
		"keys/plugins.md": shownPlugin,
	}
	for _, page := range pages.By("internal/cli") {
		t.Run(page, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "examples"))))
			environ := exampleEnviron(dir)
			if world := worlds[page]; world != nil {
				environ = append(environ, world(t, dir)...)
			}
			pages.Run(t, root, page, dir, environ)
		})
	}
}

// root is the way to the repository.
const root = "../.."

// newToken is a FIDO2 token as it is bought, and its maker's certificate.
func newToken(t *testing.T, dir string) []string {
	t.Helper()
	token, environ := fido2Token(t)
	writeRoot(t, token, dir)
	return environ
}

// softHSM is SoftHSM2, which the page sets up itself, and who types the PIN of the
// page's token.
func softHSM(t *testing.T, dir string) []string {
	t.Helper()
	have, err := schemes()
	require.NoError(t, err)
	if !slices.Contains(have, pkcs11.Scheme) {
		t.Skip("the page is about the build with PKCS #11")
	}
	testkit.Tool(t, dir, "softhsm2-util", "--version")
	askpass := filepath.Join(dir, "askpass")
	require.NoError(t, os.WriteFile(askpass, []byte("#!/bin/sh\necho 571482\n"), 0o700))
	return nil
}

// shownPlugin writes the plugin that the page shows, and its user's environment.
func shownPlugin(t *testing.T, dir string) []string {
	t.Helper()
	testkit.Tool(t, dir, "openssl", "version")
	_, rest, found := strings.Cut(pages.Read(t, root, "keys/plugins.md"), "```sh\n")
	require.True(t, found)
	script, _, _ := strings.Cut(rest, "```\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sigstore-kms-demo"), []byte(script), 0o600))
	return nil
}
