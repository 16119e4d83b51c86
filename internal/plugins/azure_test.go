package plugins

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

func TestAzureSuite(t *testing.T) {
	server, environ := newAzureServer(t)
	w := newWorld(t, environ...)
	keystest.Run(t, keystest.Suite{
		Algorithms: []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, rsa2048},
		New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
			key := server.add(t, string(a), a)
			return keystest.Fixture{
				Driver: w.driver("azurekms"), Ref: reference(t, "azurekms://stella.vault.azure.net/"+string(a)), Public: key.Public(),
				Missing: reference(t, "azurekms://stella.vault.azure.net/missing"), MissingReason: fault.KeyNotFound,
				Secrets: []string{azureToken, "client-secret"},
			}
		},
	})
}

// TestAzureLongRSA is about keys that the service uses with another hash than
// every other signature of stella's has.
func TestAzureLongRSA(t *testing.T) {
	server, environ := newAzureServer(t)
	server.add(t, "k", keys.RSA3072)
	_, err := newWorld(t, environ...).driver("azurekms").Open(t.Context(), reference(t, "azurekms://stella.vault.azure.net/k"))
	require.Error(t, err)
	assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err), "%v", err)
	assert.ErrorContains(t, err, "BadParameter")
}

func TestAzureWrongSecret(t *testing.T) {
	server, environ := newAzureServer(t)
	server.add(t, "k", keys.ECDSAP256)
	w := newWorld(t, append(environ, "AZURE_CLIENT_SECRET=another-secret")...)
	_, err := w.driver("azurekms").Open(t.Context(), reference(t, "azurekms://stella.vault.azure.net/k"))
	require.Error(t, err)
	assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err), "%v", err)
	assert.NotContains(t, err.Error(), "another-secret")
}

func TestAzureEndToEnd(t *testing.T) {
	server, environ := newAzureServer(t)
	server.add(t, "release", keys.ECDSAP256)
	newWorld(t, environ...).signsAndVerifies(t, "azurekms", "azurekms://stella.vault.azure.net/release")
}
