package verify_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// TestRevocationOfEachCertificate judges each certificate of a chain by the CRLs of its
// own issuer: where there is one it has to be current and not list the certificate,
// where there is none a demand decides.
func TestRevocationOfEachCertificate(t *testing.T) {
	w := world.New(t.Name())
	e := w.Evidence(world.Options{Signer: world.PrivateCA, Log: world.NoLog, NoTimestamp: true})
	current := func(byRoot bool) []byte { return w.Private.CRL(world.CRL{ByRoot: byRoot}) }
	expired := func(byRoot bool) []byte {
		return w.Private.CRL(world.CRL{ByRoot: byRoot, From: e.At.AddDate(0, 0, -7)})
	}
	revoking := w.Private.CRL(world.CRL{ByRoot: true, Revoked: []world.Revocation{{Serial: w.Private.Chain()[0].SerialNumber, At: e.At.Add(-time.Hour)}}})
	const leaf, intermediate = false, true
	for name, tt := range map[string]struct {
		crls                []byte
		undemanded, demands fault.Reason
	}{
		"none":                                 {nil, "", fault.RevocationUnknown},
		"of the leaf":                          {current(leaf), "", fault.RevocationUnknown},
		"of the intermediate":                  {current(intermediate), "", fault.RevocationUnknown},
		"of both":                              {slices.Concat(current(leaf), current(intermediate)), "", ""},
		"expired of the leaf":                  {expired(leaf), fault.RevocationUnknown, fault.RevocationUnknown},
		"expired of the intermediate":          {expired(intermediate), fault.RevocationUnknown, fault.RevocationUnknown},
		"current, expired of the other":        {slices.Concat(current(leaf), expired(intermediate)), fault.RevocationUnknown, fault.RevocationUnknown},
		"expired, current of the other":        {slices.Concat(expired(leaf), current(intermediate)), fault.RevocationUnknown, fault.RevocationUnknown},
		"expired beside a current one":         {slices.Concat(expired(leaf), current(leaf)), "", fault.RevocationUnknown},
		"the intermediate's, which is revoked": {slices.Concat(current(leaf), revoking), fault.KeyRevoked, fault.KeyRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			policy, err := demandOf(e)
			require.NoError(t, err)
			policy.Root, err = material.ParseCAs("ca.pem", slices.Concat(e.CA, tt.crls))
			require.NoError(t, err)
			for demanded, want := range map[bool]fault.Reason{false: tt.undemanded, true: tt.demands} {
				policy.DemandRevocation = demanded
				_, err := verify.Verify(t.Context(), read(t, e.Bundle), policy)
				if want == "" {
					require.NoError(t, err, "demanded: %v", demanded)
					continue
				}
				assert.Equal(t, want, fault.ReasonOf(err), "demanded: %v: %v", demanded, err)
			}
		})
	}
}
