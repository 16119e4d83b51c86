package plugins

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/pages"
	"github.com/stellaops/stella/pkg/keys"
)

// TestPages types the sessions of the pages about keys behind plugins, with the
// programs that are shipped, against services on loopback.
func TestPages(t *testing.T) {
	worlds := map[string]func(*testing.T) []string{"keys/kms.md": services, "keys/gost.md": engine}
	for _, page := range pages.By("internal/plugins") {
		t.Run(page, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "sbom.cdx.json"), []byte(sbom), 0o600))
			environ := append(worlds[page](t), "PATH="+built+string(filepath.ListSeparator)+os.Getenv("PATH"), "HOME="+dir)
			pages.Run(t, "../..", page, dir, environ)
		})
	}
}

// services are all of them at once, each with a key that is called release where the
// page does not make one.
func services(t *testing.T) []string {
	t.Helper()
	aws := newAWSServer(t)
	aws.add(t, "release", keys.ECDSAP256)
	n := newInternet(t)
	google, googleEnviron := n.gcp(t)
	google.add(t, "release", keys.ECDSAP256)
	azure, azureEnviron := n.azure(t)
	azure.add(t, "release", keys.ECDSAP256)
	return slices.Concat(aws.environment(), newVault(t), googleEnviron, azureEnviron)
}

func engine(t *testing.T) []string {
	t.Helper()
	testkit.Tool(t, ".", "openssl", "version")
	return nil
}
