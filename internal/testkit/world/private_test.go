package world_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/world"
)

// TestRevocationBySSL has OpenSSL judge certificates by the private authority's
// revocation lists.
func TestRevocationBySSL(t *testing.T) {
	w := world.New(t.Name())
	e := w.Evidence(world.Options{Signer: world.PrivateCA, Log: world.NoLog})
	leaf, chain, yesterday := e.Leaf(), w.Private.Chain(), w.Clock.Now().AddDate(0, 0, -1)
	revoked := w.Private.CRL(world.CRL{Revoked: []world.Revocation{{Serial: leaf.SerialNumber, At: yesterday}}})
	stale := w.Private.CRL(world.CRL{From: yesterday.AddDate(0, 0, -7)})
	ofRoot := w.Private.CRL(world.CRL{ByRoot: true})
	ofStranger := w.Stranger().Private.CRL(world.CRL{})
	for name, tt := range map[string]struct {
		crls []byte
		want string // in OpenSSL's complaint, "" when it is content
	}{
		"current":     {e.CRLs, ""},
		"revoked":     {append(revoked, ofRoot...), "certificate revoked"},
		"stale":       {append(stale, ofRoot...), "CRL has expired"},
		"missing":     {ofRoot, "unable to get certificate CRL"},
		"of stranger": {append(ofStranger, ofRoot...), "unable to get certificate CRL"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := files(t, map[string][]byte{
				"leaf.pem": world.CertificatePEM(leaf), "root.pem": world.CertificatePEM(chain[1]),
				"chain.pem": world.CertificatePEM(chain[0]), "crls.pem": tt.crls,
			})
			out, complaint, err := testkit.TryTool(t, dir, "openssl", "verify", "-CAfile", "root.pem", "-untrusted", "chain.pem",
				"-CRLfile", "crls.pem", "-crl_check_all", "-attime", "1780315200", "leaf.pem")
			if tt.want == "" {
				require.NoError(t, err, "%s%s", out, complaint)
				return
			}
			require.Error(t, err)
			assert.Contains(t, string(complaint), tt.want)
		})
	}
}
