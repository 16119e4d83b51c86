package material

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"

	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// A ca is an authority that issues signers' certificates.
type ca struct {
	window
	name    string
	private bool
	root    *x509.Certificate
	lib     *root.FulcioCertificateAuthority // nil for a private one
}

func (c *ca) authority() Authority {
	kind := KindCA
	if c.private {
		kind = KindPrivateCA
	}
	return Authority{Kind: kind, Name: c.name, ID: certificateID(c.root), From: c.from, Until: c.until}
}

// certificateID is the SHA-256 of a certificate in lower-case hex.
func certificateID(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// newFulcio reads a CA of a trusted root.
func newFulcio(in *trustpb.CertificateAuthority) (*ca, error) {
	lib, err := root.ParseCertificateAuthority(in)
	if err != nil {
		return nil, inWords(err)
	}
	c := &ca{
		window: window{lib.ValidityPeriodStart, lib.ValidityPeriodEnd},
		name:   cmp.Or(lib.URI, lib.Root.Subject.String()),
		root:   lib.Root,
		lib:    lib,
	}
	return c, c.check()
}
