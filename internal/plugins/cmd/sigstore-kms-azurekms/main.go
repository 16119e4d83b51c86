// Command sigstore-kms-azurekms is the plugin of keys in Azure Key Vault.
// Credentials are those that DefaultAzureCredential finds: AZURE_* variables, a
// workload or managed identity, the az program.
package main

import (
	"context"
	"crypto"
	"errors"
	"net/http"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/kms/azure"

	"github.com/stellaops/stella/internal/plugins/cloud"
)

func main() {
	os.Exit(cloud.Provider{
		Scheme: azure.ReferenceScheme,
		Load: func(ctx context.Context, ref string, _ crypto.Hash) (kms.SignerVerifier, error) {
			return azure.LoadSignerVerifier(ctx, ref)
		},
		NotFound: func(err error) bool {
			var response *azcore.ResponseError
			return errors.As(err, &response) && response.StatusCode == http.StatusNotFound
		},
	}.Main())
}
