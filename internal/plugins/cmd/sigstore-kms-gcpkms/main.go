// Command sigstore-kms-gcpkms is the plugin of keys in Google Cloud KMS.
// Credentials are the application default ones.
package main

import (
	"context"
	"crypto"
	"os"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/kms/gcp"

	"github.com/stellaops/stella/internal/plugins/cloud"
)

func main() {
	os.Exit(cloud.Provider{
		Scheme: gcp.ReferenceScheme,
		Load: func(ctx context.Context, ref string, _ crypto.Hash) (kms.SignerVerifier, error) {
			return gcp.LoadSignerVerifier(ctx, ref)
		},
		NotFound: func(err error) bool { return status.Code(err) == codes.NotFound },
	}.Main())
}
