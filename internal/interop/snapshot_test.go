//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// snapshot makes a snapshot of an SBOM, its attestation and an artifact, unpacked, and returns where
// it is.
func snapshot(t *testing.T, dir, algorithm string) string {
	t.Helper()
	stellaKey(t, dir, "key", algorithm)
	stellaKey(t, dir, "second", algorithm)
	stella(t, dir, "sign", "sbom", "sbom.json", "--key", "key", "-o", "sbom.sigstore.json")
	stella(t, dir, "forensic", "snapshot", "create", "sbom.json", "sbom.sigstore.json", "artifact", "--case", "CASE-7", "--key", "key", "-o", "case")
	return filepath.Join(dir, "case")
}

// step returns the commands of the snapshot's own instructions that hold a word, up to the next
// line that is none, for this key.
func step(t *testing.T, dir, word, key string) string {
	t.Helper()
	const indent = "     "
	lines := strings.Split(string(read(t, dir, "instructions.txt")), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, indent) && strings.Contains(l, word) })
	require.GreaterOrEqual(t, at, 0, "the instructions have no %q", word)
	end := slices.IndexFunc(lines[at:], func(l string) bool { return !strings.HasPrefix(l, indent) })
	return strings.ReplaceAll(strings.Join(lines[at:at+end], "\n"), "KEY.pub", "../"+key)
}

func shell(t *testing.T, dir, commands string) result {
	t.Helper()
	return run(t, dir, command(t, "sh"), "-euc", commands)
}

// TestSnapshotByStockTools follows the snapshot's own instructions with sha256sum and OpenSSL, which must
// find another file, another manifest and another key.
func TestSnapshotByStockTools(t *testing.T) {
	for _, algorithm := range []string{"ecdsa-p256", "rsa-3072", "ed25519"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			dir := snapshot(t, prepare(t), algorithm)
			sums, root := step(t, dir, "sha256sum --strict", ""), step(t, dir, "merkleRoot", "")
			openssl := func(key string) string {
				commands := step(t, dir, "mktemp", key)
				if algorithm == "ed25519" {
					lines := strings.Split(commands, "\n")
					i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "openssl") })
					lines[i] = step(t, dir, "pkeyutl", key)
					commands = strings.Join(lines, "\n")
				}
				return commands
			}
			for _, commands := range []string{sums, openssl("key.pub")} {
				r := shell(t, dir, commands)
				require.Zero(t, r.status, "%s\n%s%s", commands, r.stdout, r.stderr)
			}
			r := shell(t, dir, root)
			said := strings.Fields(strings.ReplaceAll(r.stdout, `"`, " "))
			require.GreaterOrEqual(t, len(said), 3, r.stdout)
			assert.Equal(t, said[len(said)-1], said[2], "the two roots: %s", r.stdout)

			assert.NotZero(t, shell(t, dir, openssl("second.pub")).status, "another key")
			write(t, dir, "manifest.json", append(read(t, dir, "manifest.json"), '\n'))
			assert.NotZero(t, shell(t, dir, openssl("key.pub")).status, "another manifest")
			require.NoError(t, os.WriteFile(filepath.Join(dir, "files", "artifact"), []byte("another\n"), 0o600))
			assert.NotZero(t, shell(t, dir, sums).status, "another file")
		})
	}
}

// TestSnapshotToCosign types the line that the instructions have for cosign, and verifies the
// attestation inside as what it is.
func TestSnapshotToCosign(t *testing.T) {
	for _, algorithm := range []string{"ecdsa-p256", "rsa-3072", "ed25519"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			eachCosign(t, func(t *testing.T, c cosign) {
				dir := snapshot(t, prepare(t), algorithm)
				args := cosignLine(t, step(t, dir, "cosign", "key.pub"))
				accepted(t, c.run(t, dir, args...))
				accepted(t, c.verifyAttestation(t, dir, "../key.pub", "attestations/sbom.sigstore.json", "cyclonedx", "files/sbom.json"))
				write(t, dir, "manifest.json", append(read(t, dir, "manifest.json"), '\n'))
				assert.NotZero(t, c.run(t, dir, args...).status, "cosign took another manifest for the signed one")
			})
		})
	}
}
