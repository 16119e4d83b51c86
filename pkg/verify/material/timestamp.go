package material

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"slices"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"google.golang.org/protobuf/encoding/protojson"

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
		err = errors.New("it holds no root, a certificate that is signed by itself")
	}
	if err != nil {
		return nil, err
	}
	return &tsa{name: lib.Root.Subject.String(), lib: lib}, nil
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

// Timestamp is what became of one RFC 3161 token.
type Timestamp struct {
	// Authority is the TSA's name in the Root; empty if it is not trusted.
	Authority string
	// Operator is who runs the TSA, or its name.
	Operator string
	// Time is the proven time; zero if Err is not nil.
	Time time.Time
	// Err is nil if a trusted TSA stamped the signature at Time. Else it wraps
	// ErrNotTrusted or has reason fault.TimestampInvalid.
	Err error
}

// Timestamps judges the time stamps of a bundle ("timestampVerificationData" as
// it stands, or nil) over the bytes of a signature, one finding for each. None may
// be from after the time of verification. Two by one TSA prove no more than one:
// the second is no error, but has the same Authority.
func (r *Root) Timestamps(data jsontext.Value, signature []byte, at time.Time) []Timestamp {
	if len(data) == 0 {
		return nil
	}
	pb := &bundlepb.TimestampVerificationData{}
	if err := protojson.Unmarshal(data, pb); err != nil {
		return []Timestamp{{Err: fault.Wrap(fault.TimestampInvalid, inWords(err), "the time stamps are malformed")}}
	}
	if len(pb.GetRfc3161Timestamps()) > MaxEntries {
		return []Timestamp{{Err: fault.New(fault.TimestampInvalid, "there are more than %d time stamps", MaxEntries)}}
	}
	var out []Timestamp
	for _, t := range pb.GetRfc3161Timestamps() {
		out = append(out, r.Token(t.GetSignedTimestamp(), signature, at))
	}
	return out
}

// Token judges one RFC 3161 response in DER. The TSA's certificates are judged at
// the token's own time.
func (r *Root) Token(der, signature []byte, at time.Time) Timestamp {
	if r == nil {
		r = &Root{}
	}
	t, err := r.token(der, signature, at)
	switch {
	case errors.Is(err, ErrNotTrusted):
		return Timestamp{Err: err}
	case err != nil:
		t.Time, t.Err = time.Time{}, fault.Wrap(fault.TimestampInvalid, err, "the time stamp is invalid")
	}
	return t
}

func (r *Root) token(der, signature []byte, at time.Time) (Timestamp, error) {
	t, err := parseToken(der)
	if err != nil {
		return Timestamp{}, err
	}
	if err := t.notAfter(at); err != nil {
		return Timestamp{}, err
	}
	refusal := fmt.Errorf("the time stamp of %s is %w", t.stamp.Time.UTC().Format(time.RFC3339), ErrNotTrusted)
	refused := false
	for _, a := range r.tsas {
		found, err := a.verify(t, der, signature)
		if err == nil {
			return found, nil
		}
		if !refused && a.certifies(t) {
			refusal, refused = fmt.Errorf("%q: %w", a.name, err), true
		}
	}
	return Timestamp{}, refusal
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
