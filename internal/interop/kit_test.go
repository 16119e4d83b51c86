//go:build interop

package interop

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStartHere types the line that START-HERE of a kit has for cosign, which must
// refuse the same kit with another list of checksums.
func TestStartHere(t *testing.T) {
	for _, algorithm := range []string{"ecdsa-p256", "rsa-3072", "ed25519"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			eachCosign(t, func(t *testing.T, c cosign) {
				dir := prepare(t)
				stellaKey(t, dir, "key", algorithm)
				stellaKey(t, dir, "second", "ecdsa-p256")
				stella(t, dir, "offline-kit", "build", "--name", "acme", "--channel", "stable", "--kit-version", "1",
					"--sbom", "sbom.json", "--key", "key", "--key", "second", "-o", "kit")
				write(t, dir, "builder.pub", read(t, dir, "key.pub"))
				kit := filepath.Join(dir, "kit")
				args := cosignLine(t, string(read(t, kit, "START-HERE.txt")))
				accepted(t, c.run(t, kit, args...))
				write(t, kit, "checksums.txt", append(read(t, kit, "checksums.txt"), '\n'))
				assert.NotZero(t, c.run(t, kit, args...).status, "cosign took another list for that of the kit")
			})
		})
	}
}

// cosignLine returns the arguments of the command for cosign on a page.
func cosignLine(t *testing.T, page string) []string {
	t.Helper()
	_, rest, found := strings.Cut(page, "    cosign ")
	require.True(t, found, "START-HERE has no command for cosign")
	line, _, _ := strings.Cut(strings.Replace(rest, "\\\n", " ", 1), "\n")
	return strings.Fields(line)
}
