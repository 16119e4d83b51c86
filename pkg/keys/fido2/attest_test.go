package fido2_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2"
)

func roots(token *authenticator.Device) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(token.AttestationRoot())
	return pool
}

func TestAttestation(t *testing.T) {
	for name, row := range map[string]struct {
		kind   authenticator.Attestation
		format string
		chain  int
	}{
		"packed": {authenticator.AttestChain, fido2.FormatPacked, 2},
		"u2f":    {authenticator.AttestU2F, fido2.FormatU2F, 1},
	} {
		t.Run(name, func(t *testing.T) {
			token := authenticator.Start(t, authenticator.WithAttestation(row.kind))
			d, _ := driver(token, "")
			g := made(t, d, keys.ECDSAP256, "?mode=assertion&uv=discouraged")
			a, err := d.Attest(t.Context(), g.Ref)
			require.NoError(t, err)
			assert.Equal(t, row.format, a.Format)
			assert.Len(t, a.Chain, row.chain)
			trust := fido2.AttestationTrust{RPID: "stella:release", Roots: roots(token), At: time.Now()}
			if row.chain == 1 { // a U2F statement has no place for the maker's intermediate certificate
				leaf, err := x509.ParseCertificate(a.Chain[0])
				require.NoError(t, err)
				trust.Roots = x509.NewCertPool()
				trust.Roots.AddCert(leaf)
			}
			got, err := fido2.VerifyAttestation(a, g.Public, trust)
			require.NoError(t, err)
			assert.NotEmpty(t, got.Maker)
			assert.False(t, got.UserVerified)

			other, _ := driver(authenticator.Start(t), "")
			stranger := made(t, other, keys.ECDSAP256, "?mode=assertion&uv=discouraged")
			for name, change := range map[string]struct {
				edit func(*fido2.AttestationTrust)
				pub  any
				want fault.Reason
			}{
				"another key":      {func(*fido2.AttestationTrust) {}, stranger.Public, fault.AttestationRejected},
				"another rp":       {func(a *fido2.AttestationTrust) { a.RPID = "stella:other" }, g.Public, fault.AttestationRejected},
				"no roots":         {func(a *fido2.AttestationTrust) { a.Roots = nil }, g.Public, fault.AttestationUntrusted},
				"another root":     {func(a *fido2.AttestationTrust) { a.Roots = roots(authenticator.Start(t)) }, g.Public, fault.AttestationUntrusted},
				"another model":    {func(a *fido2.AttestationTrust) { a.Models = [][16]byte{{1}} }, g.Public, fault.AttestationUntrusted},
				"long after":       {func(a *fido2.AttestationTrust) { a.At = time.Now().AddDate(500, 0, 0) }, g.Public, fault.AttestationUntrusted},
				"the right model":  {func(a *fido2.AttestationTrust) { a.Models = [][16]byte{got.Model} }, g.Public, ""},
				"the right things": {func(*fido2.AttestationTrust) {}, g.Public, ""},
			} {
				changed := trust
				change.edit(&changed)
				_, err := fido2.VerifyAttestation(a, change.pub, changed)
				if change.want == "" {
					require.NoError(t, err, name)
					continue
				}
				assert.Equal(t, change.want, fault.ReasonOf(err), "%s: %v", name, err)
			}
			rp := sha256.Sum256([]byte(trust.RPID))
			flags := bytes.Index(a.Statement, rp[:]) + len(rp)
			for i := range a.Statement { // every byte counts, but for the counter, which U2F does not sign
				if row.format == fido2.FormatU2F && i > flags && i <= flags+4 {
					continue
				}
				bad := *a
				bad.Statement = bytes.Clone(a.Statement)
				bad.Statement[i] ^= 1
				if _, err := fido2.VerifyAttestation(&bad, g.Public, trust); err == nil {
					t.Errorf("byte %d of %d can be changed", i, len(a.Statement))
				}
			}
			verified := *a
			verified.Statement = bytes.Clone(a.Statement)
			verified.Statement[flags] |= 0x04
			if claimed, err := fido2.VerifyAttestation(&verified, g.Public, trust); err == nil {
				assert.False(t, claimed.UserVerified, "a flag that nobody signed")
			}
		})
	}
}

// TestAttestationRefuses: a key that speaks for itself proves nothing, and a key
// that the token only unlocks has nobody to speak for it.
func TestAttestationRefuses(t *testing.T) {
	self := authenticator.Start(t, authenticator.WithAttestation(authenticator.AttestSelf))
	d, _ := driver(self, "")
	g := made(t, d, keys.Ed25519, "?mode=assertion&uv=discouraged")
	a, err := d.Attest(t.Context(), g.Ref)
	require.NoError(t, err)
	_, err = fido2.VerifyAttestation(a, g.Public, fido2.AttestationTrust{RPID: "stella:release", Roots: roots(self), At: time.Now()})
	assert.Equal(t, fault.AttestationUntrusted, fault.ReasonOf(err), "%v", err)

	none := authenticator.Start(t, authenticator.WithAttestation(authenticator.AttestNone))
	d, _ = driver(none, "")
	g = made(t, d, keys.Ed25519, "?mode=assertion&uv=discouraged")
	_, err = d.Attest(t.Context(), g.Ref)
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "%v", err)
	wrapped := made(t, d, keys.Ed25519, "?uv=discouraged")
	_, err = d.Attest(t.Context(), wrapped.Ref)
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "%v", err)

	path := g.Ref.Name() + ".attestation"
	require.NoError(t, os.WriteFile(path, []byte("{}"), 0o600))
	_, err = d.Attest(t.Context(), g.Ref)
	assert.Equal(t, fault.AttestationMalformed, fault.ReasonOf(err), "%v", err)
	require.NoError(t, os.Remove(path))
	_, err = d.Attest(t.Context(), g.Ref)
	assert.Equal(t, fault.InputNotFound, fault.ReasonOf(err), "%v", err)
}

func FuzzVerifyAttestation(f *testing.F) {
	token := authenticator.Start(f)
	d, _ := driver(token, "")
	g := made(f, d, keys.ECDSAP256, "?mode=assertion&uv=discouraged")
	a, err := d.Attest(f.Context(), g.Ref)
	require.NoError(f, err)
	f.Add(a.Statement)
	trust := fido2.AttestationTrust{RPID: "stella:release", Roots: roots(token), At: time.Now()}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := fido2.VerifyAttestation(&keys.Attestation{Statement: b}, g.Public, trust)
		require.Equal(t, err == nil, bytes.Equal(b, a.Statement), "%v", err)
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.ReasonOf(err))
		}
	})
}
