package material_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify/material"
)

// TestPrivateChain chains leaves of all kinds to a private CA.
func TestPrivateChain(t *testing.T) {
	root := newRoot(t, "Root")
	between := root.issue(authorityTemplate("Intermediate"))
	trusted := join(t, root.pem(), between.pem())
	tests := map[string]struct {
		change func(*x509.Certificate)
		at     time.Time
		want   fault.Reason
	}{
		"for signing code":       {},
		"without extended usage": {change: func(c *x509.Certificate) { c.ExtKeyUsage = nil }},
		"for any use":            {change: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }},
		"for e-mail": {
			change: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} },
			want:   fault.CertificateInvalid,
		},
		"without key usage":        {change: func(c *x509.Certificate) { c.KeyUsage = 0 }},
		"for content commitment":   {change: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }},
		"for encrypting keys only": {change: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, want: fault.CertificateInvalid},
		"unknown critical extension": {
			change: func(c *x509.Certificate) {
				c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
			},
			want: fault.CertificateInvalid,
		},
		"first instant":   {at: noon().AddDate(0, 0, -15)},
		"last instant":    {at: noon().AddDate(0, 0, 15)},
		"before":          {at: noon().AddDate(0, 0, -16), want: fault.KeyNotYetValid},
		"after":           {at: noon().AddDate(0, 0, 16), want: fault.KeyExpired},
		"before the root": {at: noon().AddDate(-6, 0, 0), want: fault.KeyNotYetValid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			at := noon()
			if !tt.at.IsZero() {
				at = tt.at
			}
			chain, err := trusted.Chain(between.leaf(tt.change), at)
			if tt.want != "" {
				require.Equal(t, tt.want, fault.ReasonOf(err), "%v", err)
				return
			}
			require.NoError(t, err)
			assert.True(t, chain.Private)
			assert.Equal(t, "CN=Root", chain.Authority)
		})
	}
}

// TestPrivateChainNever shows chains that do not lead to a trusted root.
func TestPrivateChainNever(t *testing.T) {
	root, same := newRoot(t, "Root"), newRoot(t, "Root")
	between := root.issue(authorityTemplate("Intermediate"))
	tests := map[string]struct {
		trusted *material.Root
		leaf    *material.Leaf
	}{
		"nobody":                     {&material.Root{}, root.leaf(nil)},
		"no Root":                    {nil, root.leaf(nil)},
		"root of the same name":      {join(t, same.pem()), root.leaf(nil)},
		"intermediate missing":       {join(t, root.pem()), between.leaf(nil)},
		"intermediate without root":  {join(t, between.pem()), between.leaf(nil)},
		"signs itself":               {join(t, root.pem()), (&issuer{t: t}).leaf(nil)},
		"root in the bundle only":    {&material.Root{}, root.leaf(nil, root)},
		"intermediate in the bundle": {join(t, same.pem()), between.leaf(nil, between, root)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tt.trusted.Chain(tt.leaf, noon())
			require.Equal(t, fault.CertificateUntrusted, fault.ReasonOf(err), "%v", err)
		})
	}
}

// TestIntermediateOfBundle completes a chain by what stands in the bundle, which
// only private CAs allow.
func TestIntermediateOfBundle(t *testing.T) {
	root := newRoot(t, "Root")
	between := root.issue(authorityTemplate("Intermediate"))
	chain, err := join(t, root.pem()).Chain(between.leaf(nil, between), noon())
	require.NoError(t, err)
	assert.Equal(t, "CN=Root", chain.Authority)
}

// TestZeroTime asks at no time at all, which crypto/x509 would take for now.
func TestZeroTime(t *testing.T) {
	root := newRoot(t, "Root")
	_, err := join(t, root.pem()).Chain(root.leaf(nil), time.Time{})
	require.Error(t, err)
}

// TestFulcioGoesFirst trusts one CA twice: as Sigstore's, and as a private one.
func TestFulcioGoesFirst(t *testing.T) {
	w := world.New("fulcio first")
	sigstore, err := material.ParseRoot("trusted_root.json", w.TrustedRoot())
	require.NoError(t, err)
	private, err := material.ParseCAs("ca.pem", world.CertificatePEM(w.Fulcio.Chain()...))
	require.NoError(t, err)
	leaf, err := material.ParseLeaf([][]byte{w.Evidence(world.Options{}).Leaf().Raw})
	require.NoError(t, err)
	both, err := material.Join(private, sigstore)
	require.NoError(t, err)
	chain, err := both.Chain(leaf, w.Clock.Now())
	require.NoError(t, err)
	assert.False(t, chain.Private)
}

// TestParseCAsRefuses reads files that are no CAs.
func TestParseCAsRefuses(t *testing.T) {
	root := newRoot(t, "Root")
	leaf := root.issue(leafTemplate())
	tests := map[string][]byte{
		"nothing":            nil,
		"text":               []byte("no CA"),
		"a leaf":             leaf.pem(),
		"a leaf in DER":      leaf.cert.Raw,
		"a broken block":     append([]byte("-----BEGIN CERTIFICATE-----\nMIIB*\n-----END CERTIFICATE-----\n"), root.pem()...),
		"a broken last":      append(root.pem(), "-----BEGIN CERTIFICATE-----\n"...),
		"a private key":      []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
		"no DER":             []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
		"no CRL":             []byte("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
		"too many":           bytes.Repeat(root.pem(), 257),
		"a partitioned CRL":  root.crl(critical(asn1.ObjectIdentifier{2, 5, 29, 28})),
		"a CRL's odd entry":  root.crl(criticalEntry),
		"more than the most": make([]byte, material.MaxTrust+1),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := material.ParseCAs("ca.pem", data)
			require.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, err.Error(), `"ca.pem"`)
		})
	}
}

// TestParseCAsDER reads single certificates and CRLs in DER, and PEM with text
// around it.
func TestParseCAsDER(t *testing.T) {
	root := newRoot(t, "Root")
	text := append(append([]byte("subject=CN=Root\n"), root.pem()...), "\n# the end\n"...)
	for name, data := range map[string][]byte{"DER": root.cert.Raw, "PEM": text} {
		t.Run(name, func(t *testing.T) {
			list := join(t, data).Authorities()
			require.Len(t, list, 1)
			assert.Equal(t, material.KindPrivateCA, list[0].Kind)
			assert.Equal(t, "CN=Root", list[0].Name)
			assert.Len(t, list[0].ID, 64)
		})
	}
}

// TestChainAgain asks one leaf for its chain at several times and of several
// Roots: what is remembered of one answer must not leak into another.
func TestChainAgain(t *testing.T) {
	root, other := newRoot(t, "Root"), newRoot(t, "Other")
	template := authorityTemplate("Intermediate")
	template.NotAfter = noon()
	between := root.issue(template)
	leaf := between.leaf(nil)
	trusted, stranger := join(t, root.pem(), between.pem()), join(t, other.pem())
	for range 2 {
		chain, err := trusted.Chain(leaf, noon())
		require.NoError(t, err)
		assert.Equal(t, "CN=Root", chain.Authority)
		_, err = trusted.Chain(leaf, noon().Add(time.Second))
		require.Equal(t, fault.CertificateUntrusted, fault.ReasonOf(err), "the intermediate has expired")
		_, err = trusted.Chain(leaf, noon().AddDate(0, 0, -16))
		require.Equal(t, fault.KeyNotYetValid, fault.ReasonOf(err))
		_, err = stranger.Chain(leaf, noon())
		require.Equal(t, fault.CertificateUntrusted, fault.ReasonOf(err))
	}
}

// TestWindowOfCA asks for a chain within and after the window in which a CA is
// trusted, while all its certificates are valid.
func TestWindowOfCA(t *testing.T) {
	w := world.New("window")
	e := w.Evidence(world.Options{})
	authorities := `"certificateAuthorities":[`
	before, after, found := strings.Cut(string(e.TrustedRoot), authorities)
	require.True(t, found)
	end := e.At.Add(time.Minute)
	closed := strings.Replace(after, `"end":"2036-06-01T12:00:00Z"`, `"end":"`+end.Format(time.RFC3339)+`"`, 1)
	require.NotEqual(t, after, closed)
	root, err := material.ParseRoot("trusted_root.json", []byte(before+authorities+closed))
	require.NoError(t, err)
	_, signed := read(t, e)
	for range 2 {
		_, err = root.Chain(signed.Leaf, end)
		require.NoError(t, err)
		_, err = root.Chain(signed.Leaf, end.Add(time.Second))
		require.Equal(t, fault.CertificateUntrusted, fault.ReasonOf(err))
		assert.Contains(t, err.Error(), "does not vouch")
	}
}
