package material

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// A tsa is an RFC 3161 time stamp authority.
type tsa struct {
	window
	name, operator string
	lib            *root.SigstoreTimestampingAuthority
}

func (t *tsa) authority() Authority {
	return Authority{Kind: KindTSA, Name: t.name, ID: certificateID(t.lib.Root), From: t.from, Until: t.until}
}

// newTSA reads a TSA of a trusted root.
func newTSA(in *trustpb.CertificateAuthority) (*tsa, error) {
	parsed, err := root.ParseTimestampingAuthority(in)
	if err != nil {
		return nil, inWords(err)
	}
	lib, ok := parsed.(*root.SigstoreTimestampingAuthority)
	if !ok || lib.Root == nil {
		return nil, errors.New("its certificate chain does not end in a root")
	}
	t := &tsa{
		window:   window{lib.ValidityPeriodStart, lib.ValidityPeriodEnd},
		name:     cmp.Or(lib.URI, lib.Root.Subject.String()),
		operator: in.GetOperator(),
		lib:      lib,
	}
	return t, t.check()
}

// ParseTSA reads the certificates of one TSA in PEM: its own certificate, which
// may be left out if tokens hold it, intermediates, and the root. The name is for
// messages. Every failure is fault.TrustMalformed.
func ParseTSA(name string, data []byte) (*Root, error) {
	t, err := parseTSA(data)
	if err != nil {
		return nil, fault.Wrap(fault.TrustMalformed, err, "malformed TSA file %s", input.Display(name)).With("path", name)
	}
	return &Root{tsas: []*tsa{t}}, nil
}

func parseTSA(data []byte) (*tsa, error) {
	lib := &root.SigstoreTimestampingAuthority{}
	err := eachBlock(data, func(_ string, der []byte) error {
		certs, err := parseCertificates([][]byte{der})
		if err != nil {
			return err
		}
		return place(lib, certs[0])
	})
	if err == nil && lib.Root == nil {
		err = noRoot(lib.Leaf)
	}
	if err != nil {
		return nil, err
	}
	return &tsa{name: lib.Root.Subject.String(), lib: lib}, nil
}

// noRoot says why none of a TSA's certificates is its root, given its own, if any.
func noRoot(leaf *x509.Certificate) error {
	if leaf != nil && bytes.Equal(leaf.RawSubject, leaf.RawIssuer) && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
		return fmt.Errorf("the certificate of %.200q is signed by itself, as a root is, and is not a CA's (basic constraints CA:TRUE): a TSA's own certificate is issued by a root", leaf.Subject.String())
	}
	return errors.New("it holds no root, a CA's certificate that is signed by itself")
}

// place puts a certificate where it belongs in a TSA's chain.
func place(lib *root.SigstoreTimestampingAuthority, c *x509.Certificate) error {
	switch {
	case !c.IsCA && lib.Leaf == nil:
		lib.Leaf = c
	case !c.IsCA:
		return errors.New("it holds certificates of two TSAs")
	case !selfSigned(c):
		lib.Intermediates = append(lib.Intermediates, c)
	case lib.Root == nil:
		lib.Root = c
	default:
		return errors.New("it holds two roots")
	}
	return nil
}

// verify judges a token against one TSA, at the token's own time.
func (t *tsa) verify(k *token, der, signature []byte) (Timestamp, error) {
	stamp, err := t.lib.Verify(der, signature)
	if err != nil {
		return Timestamp{}, inWords(err)
	}
	signer := k.p7.GetOnlySigner()
	if signer == nil { // not in the token: the library has used the trusted one
		signer = t.lib.Leaf
	}
	if err := k.names(signer); err != nil {
		return Timestamp{}, err
	}
	return Timestamp{Authority: t.name, Operator: cmp.Or(t.operator, t.name), Time: stamp.Time.UTC()}, nil
}

// certifies reports whether a token says that it is the TSA's: by its certificate,
// or one by its authorities. Anyone can write so into a token: it only tells a
// false stamp from a foreign one.
func (t *tsa) certifies(k *token) bool {
	signer := k.p7.Signers[0].IssuerAndSerialNumber
	if l := t.lib.Leaf; l != nil && bytes.Equal(l.RawIssuer, signer.IssuerName.FullBytes) && l.SerialNumber.Cmp(signer.SerialNumber) == 0 {
		return true
	}
	return slices.ContainsFunc(append(slices.Clone(t.lib.Intermediates), t.lib.Root), func(c *x509.Certificate) bool {
		return bytes.Equal(c.RawSubject, signer.IssuerName.FullBytes)
	})
}
