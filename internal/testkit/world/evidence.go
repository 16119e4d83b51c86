package world

import (
	"crypto/x509"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
)

// Evidence is a bundle with all that a verifier needs to judge it.
type Evidence struct {
	Bundle      []byte // JSON
	TrustedRoot []byte // JSON
	Artifact    []byte
	Demand      Demand
}

// A Demand is what a verifier asks of evidence.
type Demand struct {
	Identity, Issuer string // of the certificate; "" for bare keys
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
	return &Evidence{
		Bundle: encodeJSON(w.build(o)), TrustedRoot: w.TrustedRoot(),
		Artifact: o.Artifact, Demand: w.demand(o),
	}
}

// build makes a bundle of options that are filled in.
func (w *World) build(o Options) *bundlepb.Bundle {
	s := sign(o, w.certificate(o))
	b := assemble(o, s)
	if e := w.log(o, s); e != nil {
		b.VerificationMaterial.TlogEntries = []*rekorpb.TransparencyLogEntry{e}
	}
	if !o.NoTimestamp {
		token := w.TSA.Stamp(s.signature, Stamp{At: o.SignedAt})
		b.VerificationMaterial.TimestampVerificationData = timestamps(token)
	}
	return b
}

func timestamps(tokens ...[]byte) *bundlepb.TimestampVerificationData {
	data := &bundlepb.TimestampVerificationData{}
	for _, t := range tokens {
		data.Rfc3161Timestamps = append(data.Rfc3161Timestamps, &commonpb.RFC3161SignedTimestamp{SignedTimestamp: t})
	}
	return data
}

// certificate is issued two seconds before it is used.
func (w *World) certificate(o Options) *x509.Certificate {
	if o.Signer == Key {
		return nil
	}
	from, pub := o.SignedAt.Add(-2*time.Second), o.SigningKey.Public()
	template := fulcioTemplate(o.Identity, o.Issuer, from, pub)
	template.SerialNumber = w.fresh("leaf").serial()
	if o.deviation.leaf != nil {
		o.deviation.leaf(template)
	}
	if o.NoSCT {
		return o.deviation.ca.issue(template, pub)
	}
	return o.deviation.ca.issue(template, pub, o.deviation.ctLog)
}

// log logs a signature a second after it was made, and leaves out of the entry
// what the options leave out.
func (w *World) log(o Options, s signed) *rekorpb.TransparencyLogEntry {
	if o.Log == NoLog {
		return nil
	}
	b, at := newBody(s, o.Log, o.Entry), o.SignedAt.Add(time.Second)
	if o.Log == LogV2 {
		return w.RekorV2.add(b, at, w.Witnesses[:o.Cosignatures]...)
	}
	e := w.Rekor.add(b, at)
	switch o.Log {
	case LogV1Promise:
		e.InclusionProof = nil
	case LogV1Proof:
		e.InclusionPromise = nil
	}
	return e
}

// demand is all that evidence made with these options has.
func (w *World) demand(o Options) Demand {
	d := Demand{Cosignatures: o.Cosignatures}
	if o.Signer == Key {
		d.PublicKey = publicPEM(o.SigningKey.Public())
	} else {
		d.Identity, d.Issuer = o.Identity, o.Issuer
	}
	d.Logs, d.Timestamps, d.SCTs = count(o.Log != NoLog), count(!o.NoTimestamp), count(o.Signer == Keyless && !o.NoSCT)
	for _, witness := range w.Witnesses {
		d.Witnesses = append(d.Witnesses, witness.Verifier())
	}
	return d
}

func count(there bool) int {
	if there {
		return 1
	}
	return 0
}

// A deviation is what is not as it should be while evidence is made.
type deviation struct {
	ca    *CA
	ctLog *CTLog
	leaf  func(*x509.Certificate) // a last change to the template
}

func (d deviation) withDefaults(w *World) deviation {
	if d.ca == nil {
		d.ca = w.Fulcio
	}
	if d.ctLog == nil {
		d.ctLog = w.CTLog
	}
	return d
}
