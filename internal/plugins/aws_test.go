package plugins

import (
	"crypto"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

func TestAWSSuite(t *testing.T) {
	server := newAWSServer(t)
	w := newWorld(t, server.environment()...)
	keystest.Run(t, keystest.Suite{
		Algorithms: []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.RSA3072, keys.RSA4096},
		New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
			key := server.add(t, string(a), a)
			return keystest.Fixture{
				Driver: w.driver("awskms"), Ref: reference(t, "awskms:///alias/"+string(a)), Public: key.Public(),
				Missing: reference(t, "awskms:///alias/missing"), MissingReason: fault.KeyNotFound,
				Secrets: []string{"wJalrXUtnFEMI"},
			}
		},
	})
}

func TestAWSGenerate(t *testing.T) {
	server := newAWSServer(t)
	driver := newWorld(t, server.environment()...).driver("awskms")
	ref := reference(t, "awskms:///alias/made")
	made, err := driver.Generate(t.Context(), ref, keys.ECDSAP384)
	require.NoError(t, err)
	assert.Subset(t, server.calls, []string{"CreateKey", "CreateAlias", "DescribeKey", "GetPublicKey", "Sign"})
	signer, err := driver.Open(t.Context(), ref)
	require.NoError(t, err)
	assert.True(t, made.Public.(interface{ Equal(crypto.PublicKey) bool }).Equal(signer.Public()))
	_, err = driver.Generate(t.Context(), ref, keys.ECDSAP384)
	assert.Equal(t, fault.OutputExists, fault.ReasonOf(err), "%v", err)
	_, err = driver.Generate(t.Context(), reference(t, "awskms:///alias/other"), keys.Ed25519)
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "%v", err)
}

func TestAWSRefusals(t *testing.T) {
	server := newAWSServer(t)
	server.add(t, "k", keys.ECDSAP256)
	closed := newAWSServer(t)
	closed.Close()
	for name, row := range map[string]struct {
		environ []string
		ref     string
		want    fault.Reason
		says    string
	}{
		"no such key":        {server.environment(), "awskms:///alias/no", fault.KeyNotFound, "refused by the test"},
		"malformed resource": {server.environment(), "awskms://k", fault.PluginFailed, "kms specification should be in the format"},
		"wrong credentials":  {append(server.environment(), "AWS_ACCESS_KEY_ID=AKIDOTHER"), "awskms:///alias/k", fault.PluginFailed, "IncompleteSignature"},
		"no service":         {append(closed.environment(), "AWS_MAX_ATTEMPTS=1"), "awskms:///alias/k", fault.ServiceUnavailable, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newWorld(t, row.environ...).driver("awskms").Open(t.Context(), reference(t, row.ref))
			require.Error(t, err)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, row.says)
			assert.NotContains(t, err.Error(), "wJalrXUtnFEMI")
		})
	}
}

func TestAWSEndToEnd(t *testing.T) {
	server := newAWSServer(t)
	server.add(t, "release", keys.ECDSAP256)
	newWorld(t, server.environment()...).signsAndVerifies(t, "awskms", "awskms:///alias/release")
}
