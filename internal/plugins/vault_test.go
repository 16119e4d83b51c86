package plugins

import (
	"bufio"
	"crypto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

const vaultToken = "hvs.a-token-that-nobody-may-see" // #nosec G101 -- of the test's own server

// newVault starts the real transit engine and returns the environment of its user.
func newVault(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command(filepath.Join(built, "testvault"))
	cmd.Env = append(os.Environ(), "TESTVAULT_TOKEN="+vaultToken)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return []string{"VAULT_ADDR=" + strings.TrimSpace(address), "VAULT_TOKEN=" + vaultToken}
}

func vaultAlgorithms() []keys.Algorithm {
	return []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519, keys.RSA3072, keys.RSA4096}
}

func TestVaultSuite(t *testing.T) {
	w := newWorld(t, newVault(t)...)
	keystest.Run(t, keystest.Suite{
		Algorithms: vaultAlgorithms(),
		New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
			ref := reference(t, "hashivault://"+string(a))
			made, err := w.driver("hashivault").Generate(t.Context(), ref, a)
			require.NoError(t, err)
			return keystest.Fixture{
				Driver: w.driver("hashivault"), Ref: ref, Public: made.Public,
				Missing: reference(t, "hashivault://missing"), MissingReason: fault.KeyNotFound,
				Secrets: []string{vaultToken},
			}
		},
	})
}

// TestOpenBao reaches the same engine by the variables of OpenBao.
func TestOpenBao(t *testing.T) {
	var environ []string
	for _, variable := range newVault(t) {
		environ = append(environ, "BAO_"+strings.TrimPrefix(variable, "VAULT_"))
	}
	driver := newWorld(t, environ...).driver("hashivault")
	_, err := driver.Generate(t.Context(), reference(t, "hashivault://k"), keys.Ed25519)
	require.NoError(t, err)
}

func TestVaultGenerateReplacesNothing(t *testing.T) {
	driver := newWorld(t, newVault(t)...).driver("hashivault")
	ref := reference(t, "hashivault://k")
	made, err := driver.Generate(t.Context(), ref, keys.ECDSAP256)
	require.NoError(t, err)
	_, err = driver.Generate(t.Context(), ref, keys.Ed25519)
	assert.Equal(t, fault.OutputExists, fault.ReasonOf(err), "%v", err)
	signer, err := driver.Open(t.Context(), ref)
	require.NoError(t, err)
	assert.True(t, made.Public.(interface{ Equal(crypto.PublicKey) bool }).Equal(signer.Public()))
}

func TestVaultWrongToken(t *testing.T) {
	environ := append(newVault(t), "VAULT_TOKEN=another")
	_, err := newWorld(t, environ...).driver("hashivault").Open(t.Context(), reference(t, "hashivault://k"))
	assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err), "%v", err)
	assert.ErrorContains(t, err, "permission denied")
}

func TestVaultEndToEnd(t *testing.T) {
	w := newWorld(t, newVault(t)...)
	_, err := w.driver("hashivault").Generate(t.Context(), reference(t, "hashivault://release"), keys.Ed25519)
	require.NoError(t, err)
	w.signsAndVerifies(t, "hashivault", "hashivault://release")
}
