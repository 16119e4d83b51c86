package world

import (
	"crypto/x509"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// Evidence is a bundle with all that a verifier needs to judge it.
type Evidence struct {
	Bundle      []byte // JSON
	TrustedRoot []byte // JSON
	Artifact    []byte
	CA, CRLs    []byte    // of the private authority, in PEM; nil with other signers
	At          time.Time // when it is judged: the world's time
	Demand      Demand
}

// A Demand is what a verifier asks of evidence.
type Demand struct {
	Identity, Issuer string // of the certificate; Issuer is "" of a private authority, both of bare keys
	PublicKey        []byte // PEM; nil for certificates
	// How many of each must be good.
	Logs, Timestamps, SCTs, Cosignatures int
	// Witnesses are the verifier keys of those who may cosign.
	Witnesses []string
}

// Bundle makes a bundle, as JSON.
func (w *World) Bundle(o Options) []byte { return encodeJSON(w.build(w.withDefaults(o))) }

// Evidence makes a bundle with what it is verified by. The demand is all that the
// bundle has.
func (w *World) Evidence(o Options) *Evidence {
	o = w.withDefaults(o)
	return w.surround(o, encodeJSON(w.build(o)))
}

// surround is a bundle with what it is verified by.
func (w *World) surround(o Options, bundle []byte) *Evidence {
	e := &Evidence{
		Bundle: bundle, TrustedRoot: w.TrustedRoot(), Artifact: o.Artifact,
		At: w.Clock.Now(), Demand: w.demand(o),
	}
	if o.Signer == PrivateCA {
		e.CA = CertificatePEM(w.Private.Chain()...)
		e.CRLs = append(w.Private.CRL(CRL{}), w.Private.CRL(CRL{ByRoot: true})...)
	}
	return e
}

// demand is all that evidence made with these options has.
func (w *World) demand(o Options) Demand {
	d := Demand{
		Logs: count(o.Log != NoLog), Timestamps: count(!o.NoTimestamp),
		SCTs: count(o.Signer == Keyless && !o.NoSCT), Cosignatures: o.Cosignatures,
	}
	switch o.Signer {
	case Key:
		d.PublicKey = publicPEM(o.SigningKey.Public())
	case PrivateCA:
		d.Identity = o.Identity
	default:
		d.Identity, d.Issuer = o.Identity, o.Issuer
	}
	for _, witness := range w.Witnesses {
		d.Witnesses = append(d.Witnesses, witness.Verifier())
	}
	return d
}

// Leaf is the certificate in the bundle, nil when there is none.
func (e *Evidence) Leaf() *x509.Certificate {
	b := &bundlepb.Bundle{}
	if err := protojson.Unmarshal(e.Bundle, b); err != nil {
		return nil
	}
	der := b.VerificationMaterial.GetCertificate().GetRawBytes()
	if chain := b.VerificationMaterial.GetX509CertificateChain().GetCertificates(); len(chain) > 0 {
		der = chain[0].GetRawBytes()
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return leaf
}

func count(there bool) int {
	if there {
		return 1
	}
	return 0
}
