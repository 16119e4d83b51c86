// Command sigstore-kms-awskms is the plugin of keys in the AWS Key Management
// Service. Region, credentials and endpoint are those of the AWS_* variables and
// of ~/.aws.
package main

import (
	"context"
	"crypto"
	"errors"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/kms/aws"

	"github.com/stellaops/stella/internal/plugins/cloud"
)

func main() {
	os.Exit(cloud.Provider{
		Scheme: aws.ReferenceScheme,
		Load: func(ctx context.Context, ref string, _ crypto.Hash) (kms.SignerVerifier, error) {
			return aws.LoadSignerVerifier(ctx, ref)
		},
		NotFound: func(err error) bool {
			var missing *types.NotFoundException
			return errors.As(err, &missing)
		},
	}.Main())
}
