package material_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify/material"
)

// critical gives a CRL a critical extension.
func critical(id asn1.ObjectIdentifier) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.ExtraExtensions = []pkix.Extension{{Id: id, Critical: true, Value: []byte{0x30, 0}}}
	}
}

func criticalEntry(l *x509.RevocationList) {
	l.RevokedCertificateEntries = []x509.RevocationListEntry{{
		SerialNumber: big.NewInt(1), RevocationTime: noon(),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}},
	}}
}

// TestRevocation asks CRLs of all kinds about a leaf.
func TestRevocation(t *testing.T) {
	root, same := newRoot(t, "Root"), newRoot(t, "Root")
	cert := root.issue(leafTemplate()).cert
	since := noon().Add(-24 * time.Hour)
	lists := func(reason int) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: cert.SerialNumber, RevocationTime: since, ReasonCode: reason}}
		}
	}
	old := func(change func(*x509.RevocationList)) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			change(l)
			l.ThisUpdate, l.NextUpdate = noon().AddDate(0, 0, -3), noon().AddDate(0, 0, -2)
		}
	}
	empty := func(*x509.RevocationList) {}
	tests := map[string]struct {
		crls  [][]byte
		state string
		why   string
	}{
		"current":                {[][]byte{root.crl(nil)}, material.Good, ""},
		"none":                   {nil, material.Unknown, "there is no CRL"},
		"by a CA of the name":    {[][]byte{same.crl(nil)}, material.Unknown, "there is no CRL"},
		"revoked by a stranger":  {[][]byte{root.crl(nil), same.crl(lists(1))}, material.Good, ""},
		"expired":                {[][]byte{root.crl(old(empty))}, material.Unknown, "expired at 2026-05-30"},
		"expired beside current": {[][]byte{root.crl(old(empty)), root.crl(nil)}, material.Good, ""},
		"of later": {[][]byte{root.crl(func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = noon().Add(time.Hour), noon().Add(2*time.Hour)
		})}, material.Unknown, "which is later"},
		"revoked":                       {[][]byte{root.crl(lists(1))}, material.Revoked, ""},
		"revoked in an old list":        {[][]byte{root.crl(old(lists(1))), root.crl(nil)}, material.Revoked, ""},
		"revoked in an expired list":    {[][]byte{root.crl(old(lists(1)))}, material.Revoked, ""},
		"on hold":                       {[][]byte{root.crl(lists(6))}, material.Revoked, ""},
		"released from hold":            {[][]byte{root.crl(old(lists(6))), root.crl(nil)}, material.Good, ""},
		"on hold again":                 {[][]byte{root.crl(old(empty)), root.crl(lists(6))}, material.Revoked, ""},
		"first of two times of the two": {[][]byte{root.crl(old(lists(1))), root.crl(lists(4))}, material.Revoked, ""},
	}
	leaf, err := material.ParseLeaf([][]byte{cert.Raw})
	require.NoError(t, err)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			trusted := join(t, append(tt.crls, root.pem())...)
			chain, err := trusted.Chain(leaf, noon())
			require.NoError(t, err)
			for range 2 { // what is remembered is the same
				found := trusted.Revocation(chain, noon())
				require.Len(t, found, 1)
				assert.Equal(t, tt.state, found[0].State)
				assert.Contains(t, found[0].Why, tt.why)
				assert.Equal(t, leaf.Serial(), found[0].Serial)
				assert.Equal(t, tt.state == material.Revoked, found[0].At.Equal(since))
			}
		})
	}
}

// TestRevocationOfExpired asks a current CRL about a certificate that expired
// before the CRL was made: unless it says that it keeps those, it tells nothing.
func TestRevocationOfExpired(t *testing.T) {
	root := newRoot(t, "Root")
	leaf := root.leaf(func(c *x509.Certificate) { c.NotAfter = noon().AddDate(0, 0, -2) })
	keeping := func(since time.Time) func(*x509.RevocationList) {
		value, err := asn1.MarshalWithParams(since, "generalized")
		require.NoError(t, err)
		return func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 60}, Value: value}}
		}
	}
	for name, tt := range map[string]struct {
		crl   []byte
		state string
	}{
		"keeps none":       {root.crl(nil), material.Unknown},
		"keeps this":       {root.crl(keeping(noon().AddDate(0, 0, -9))), material.Good},
		"keeps later ones": {root.crl(keeping(noon().AddDate(0, 0, -1))), material.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			trusted := join(t, tt.crl, root.pem())
			chain, err := trusted.Chain(leaf, noon().AddDate(0, 0, -5))
			require.NoError(t, err)
			assert.Equal(t, tt.state, trusted.Revocation(chain, noon())[0].State)
		})
	}
}

// TestRevocationOfChain asks about each certificate but the root, and reads a CRL
// in DER.
func TestRevocationOfChain(t *testing.T) {
	root := newRoot(t, "Root")
	between := root.issue(authorityTemplate("Intermediate"))
	block, _ := pem.Decode(root.crl(nil))
	trusted := join(t, root.pem(), between.pem(), block.Bytes)
	chain, err := trusted.Chain(between.leaf(nil), noon())
	require.NoError(t, err)
	found := trusted.Revocation(chain, noon())
	require.Len(t, found, 2)
	assert.Equal(t, material.Unknown, found[0].State)
	assert.Equal(t, "CN=Release", found[0].Subject)
	assert.Equal(t, material.Good, found[1].State)
	assert.Equal(t, "CN=Intermediate", found[1].Subject)
}

// TestCheckCRLs refuses CRLs that none of the private CAs signed, which would be passed
// over, and names their files.
func TestCheckCRLs(t *testing.T) {
	root, same, other := newRoot(t, "Root"), newRoot(t, "Root"), newRoot(t, "Other")
	between := root.issue(authorityTemplate("Intermediate"))
	altered := func(text []byte) []byte {
		block, _ := pem.Decode(text)
		block.Bytes[len(block.Bytes)-1] ^= 1
		return pem.EncodeToMemory(block)
	}
	for name, tt := range map[string]struct {
		cas  [][]byte
		crl  []byte
		want string
	}{
		"by the root":                  {[][]byte{root.pem()}, root.crl(nil), ""},
		"by an intermediate":           {[][]byte{root.pem(), between.pem()}, between.crl(nil), ""},
		"by one of two of the name":    {[][]byte{same.pem(), root.pem()}, root.crl(nil), ""},
		"altered":                      {[][]byte{root.pem()}, altered(root.crl(nil)), `the CRL in "my.crl" is not what "CN=Root" signed`},
		"by another of the name":       {[][]byte{root.pem()}, same.crl(nil), `the CRL in "my.crl" is not what "CN=Root" signed`},
		"by another CA":                {[][]byte{root.pem()}, other.crl(nil), `the CRL in "my.crl" is by "CN=Other", which is none`},
		"by an intermediate not given": {[][]byte{root.pem()}, between.crl(nil), `the CRL in "my.crl" is by "CN=Intermediate", which is none`},
		"without any CA":               {nil, root.crl(nil), `the CRL in "my.crl" is by "CN=Root", which is none`},
	} {
		t.Run(name, func(t *testing.T) {
			crl, err := material.ParseCAs("my.crl", tt.crl)
			require.NoError(t, err)
			joined, err := material.Join(crl, join(t, tt.cas...))
			require.NoError(t, err)
			err = joined.CheckCRLs()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, err.Error(), tt.want)
			assert.NotEmpty(t, fault.HintOf(err))
		})
	}
	require.NoError(t, (*material.Root)(nil).CheckCRLs())
}
