package material_test

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify/material"
)

// TestLeafOfGitHub reads a certificate that Fulcio gave to a workflow.
func TestLeafOfGitHub(t *testing.T) {
	e := conformance(t)["happy-path-v0.3-new-mediaType"]
	items, _, err := bundle.Read(input.FromReaderAt("bundle", strings.NewReader(string(e.Bundle)), int64(len(e.Bundle))))
	require.NoError(t, err)
	der := items[0].Material.Certificates[0]
	leaf, err := material.ParseLeaf([][]byte{der})
	require.NoError(t, err)
	sum := sha256.Sum256(der)
	assert.Equal(t, hex.EncodeToString(sum[:]), leaf.SHA256())
	assert.Equal(t, []string{e.Demand.Identity}, leaf.Names())
	assert.Equal(t, "https://token.actions.githubusercontent.com", leaf.Issuer())
	assert.Equal(t, "CN=sigstore-intermediate,O=sigstore.dev", leaf.IssuerDN())
	assert.Equal(t, time.Date(2024, 3, 19, 17, 26, 26, 0, time.UTC), leaf.NotBefore())
	assert.Equal(t, 10*time.Minute, leaf.NotAfter().Sub(leaf.NotBefore()))
	assert.Equal(t, "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon", leaf.Extensions()["sourceRepositoryURI"])
	assert.Equal(t, "github-hosted", leaf.Extensions()["runnerEnvironment"])
	assert.Contains(t, leaf.Extensions(), "githubWorkflowSHA")
	assert.NotContains(t, leaf.Extensions(), "issuer")
	assert.Regexp(t, "^[0-9a-f]{30,40}$", leaf.Serial())
}

// otherName is a subject alternative name of a kind that crypto/x509 does not
// read.
func otherName(t *testing.T, id asn1.ObjectIdentifier, value string) pkix.Extension {
	t.Helper()
	inner, err := asn1.MarshalWithParams(value, "utf8,explicit,tag:0")
	require.NoError(t, err)
	oid, err := asn1.Marshal(id)
	require.NoError(t, err)
	names, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: append(oid, inner...)}})
	require.NoError(t, err)
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Critical: true, Value: names}
}

// TestLeafNames reads names of all kinds.
func TestLeafNames(t *testing.T) {
	root := newRoot(t, "Root")
	fulcio, upn := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 7}, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}
	tests := map[string]struct {
		change func(*x509.Certificate)
		want   []string
	}{
		"none": {func(c *x509.Certificate) { c.EmailAddresses = nil }, nil},
		"all": {func(c *x509.Certificate) {
			c.URIs, c.DNSNames = []*url.URL{{Scheme: "https", Host: "a.test"}}, []string{"b.test"}
		}, []string{"https://a.test", "release@example.test", "b.test"}},
		"Fulcio's other name": {func(c *x509.Certificate) {
			c.EmailAddresses, c.ExtraExtensions = nil, []pkix.Extension{otherName(t, fulcio, "ann!example.test")}
		}, []string{"ann!example.test"}},
		"an other name of another kind": {func(c *x509.Certificate) {
			c.EmailAddresses, c.ExtraExtensions = nil, []pkix.Extension{otherName(t, upn, "ann@example.test")}
		}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			leaf := root.leaf(tt.change)
			assert.Equal(t, tt.want, leaf.Names())
			_, err := join(t, root.pem()).Chain(leaf, noon())
			require.NoError(t, err)
		})
	}
}

// TestParseLeafRefuses reads certificates that nobody may sign with.
func TestParseLeafRefuses(t *testing.T) {
	root := newRoot(t, "Root")
	der := func(change func(*x509.Certificate)) [][]byte {
		template := leafTemplate()
		change(template)
		return [][]byte{root.issue(template).cert.Raw}
	}
	issuerExtension := func(last int, value []byte) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, last}, Value: value})
		}
	}
	tests := map[string][][]byte{
		"nothing":             nil,
		"no certificate":      {nil},
		"not DER":             {[]byte("no certificate")},
		"a CA":                {root.cert.Raw},
		"too many":            make([][]byte, 17),
		"too large":           {make([]byte, 64<<10+1)},
		"malformed behind it": append(der(func(*x509.Certificate) {}), []byte("no")),
		"too many names": der(func(c *x509.Certificate) {
			for i := range 65 {
				c.DNSNames = append(c.DNSNames, fmt.Sprintf("n%d.test", i))
			}
		}),
		"issuer not DER":       der(issuerExtension(8, []byte("no"))),
		"issuer not UTF-8":     der(issuerExtension(1, []byte{0xff})),
		"extension not DER":    der(issuerExtension(12, []byte("no"))),
		"old extension binary": der(issuerExtension(3, []byte{0xff})),
	}
	for name, ders := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := material.ParseLeaf(ders)
			require.Equal(t, fault.CertificateInvalid, fault.ReasonOf(err), "%v", err)
		})
	}
}
