// Command sigstore-kms-hashivault is the plugin of keys in the transit engine of
// HashiCorp Vault and of OpenBao. Address, token and mount are those of
// VAULT_ADDR or BAO_ADDR, VAULT_TOKEN or BAO_TOKEN (else the token helper), and
// TRANSIT_SECRET_ENGINE_PATH.
package main

import (
	"context"
	"crypto"
	"os"
	"strings"

	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/kms/hashivault"

	"github.com/stellaops/stella/internal/plugins/cloud"
)

func main() {
	os.Exit(cloud.Provider{
		Scheme: hashivault.ReferenceScheme,
		Load: func(_ context.Context, ref string, hash crypto.Hash) (kms.SignerVerifier, error) {
			return hashivault.LoadSignerVerifier(ref, hash)
		},
		// The client gives nothing and no error for status 404, and the provider
		// has no error of a type for it.
		NotFound: func(err error) bool {
			return strings.HasPrefix(err.Error(), "could not read data from transit key path")
		},
	}.Main())
}
