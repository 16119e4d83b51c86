package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify"
)

// A key that is revoked is so in a certificate too: what is proven to be older holds,
// and what is not proven falls.
func TestRevokedKeyInACertificate(t *testing.T) {
	w := world.New(t.Name())
	for name, options := range map[string]world.Options{"proven": {}, "private CA, not proven": {Signer: world.PrivateCA, Log: world.NoLog, NoTimestamp: true}} {
		t.Run(name, func(t *testing.T) {
			e := w.Evidence(options)
			r, err := judged(t, e)
			require.NoError(t, err)
			signer := r.Results[0].Signers[0]
			for _, after := range []time.Duration{-time.Hour, time.Hour} {
				p, err := demandOf(e)
				require.NoError(t, err)
				p.RevokedKeys = map[string]verify.KeyRevocation{signer.KeyID: {RevokedAt: signer.Time.At.Add(after), Reason: "keyCompromise"}}
				evidence := &verify.Evidence{}
				require.NoError(t, evidence.Read("bundle.json", strings.NewReader(string(e.Bundle)), int64(len(e.Bundle))))
				r, err := verify.Verify(t.Context(), evidence, p)
				if name == "proven" && after > 0 {
					require.NoError(t, err, "%s", after)
					continue
				}
				assert.Equal(t, fault.KeyRevoked, fault.ReasonOf(err), "%s: %v", after, err)
				assert.False(t, r.Verified)
			}
		})
	}
}

// The report names the bundle and what was loosened for it.
func TestReportNamesTheBundle(t *testing.T) {
	e := world.New(t.Name()).Evidence(world.Options{})
	p, err := demandOf(e)
	require.NoError(t, err)
	p.Bundle = &verify.Bundle{Name: "acme", Expired: true, PolicyReplacedUnsafe: true}
	evidence := &verify.Evidence{}
	require.NoError(t, evidence.Read("bundle.json", strings.NewReader(string(e.Bundle)), int64(len(e.Bundle))))
	r, err := verify.Verify(t.Context(), evidence, p)
	require.NoError(t, err)
	assert.True(t, r.Trust.Rooted)
	assert.Equal(t, p.Bundle, r.Trust.Bundle)
	assert.Subset(t, r.Loosened, []string{verify.LoosenExpiredTrust, verify.LoosenBundlePolicy})
}
