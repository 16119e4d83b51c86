package world

import (
	"crypto"
	"crypto/x509"
	"slices"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
)

// A deviation is what is not as it should be while evidence is made. What is made
// later agrees with it.
type deviation struct {
	ca        *CA
	ctLogs    []*CTLog
	leaf      func(*x509.Certificate) // changes the template
	sct       func([]byte) []byte     // changes an SCT before it is put in
	signer    crypto.Signer           // signs, though the certificate is for another key
	signature func([]byte) []byte     // changes the signature before it is logged and stamped
	logged    func(*signed)           // changes what the log is told
	stamped   func(signed) []byte     // is stamped, in the place of the signature
}

// parts are what evidence consists of, however it is put together.
type parts struct {
	signed   signed
	entry    *rekorpb.TransparencyLogEntry // nil without a log
	response []byte                        // of the timestamp authority; nil without
}

// make makes the parts of options that are filled in.
func (w *World) make(o Options) parts {
	p := parts{signed: w.sign(o)}
	p.entry = w.log(o, p.signed)
	if !o.NoTimestamp {
		message := p.signed.signature
		if o.deviation.stamped != nil {
			message = o.deviation.stamped(p.signed)
		}
		p.response = w.TSA.Stamp(message, o.Stamp)
	}
	return p
}

// build makes a bundle of options that are filled in.
func (w *World) build(o Options) *bundlepb.Bundle {
	p := w.make(o)
	b := assemble(o.Version, p.signed)
	if p.entry != nil {
		b.VerificationMaterial.TlogEntries = []*rekorpb.TransparencyLogEntry{p.entry}
	}
	if p.response != nil {
		b.VerificationMaterial.TimestampVerificationData = timestamps(p.response)
	}
	return b
}

// sign makes the signature and, unless the key is bare, its certificate.
func (w *World) sign(o Options) signed {
	var chain []*x509.Certificate
	if o.Signer != Key {
		chain = w.certify(o)
	}
	if o.deviation.signer != nil {
		o.SigningKey = o.deviation.signer
	}
	s := sign(o, chain)
	if o.deviation.signature != nil {
		s.signature = o.deviation.signature(s.signature)
	}
	return s
}

// certify issues a certificate two seconds before it is used. Only a private
// authority's comes with its intermediate: Fulcio's is in trusted roots.
func (w *World) certify(o Options) []*x509.Certificate {
	d, from, pub := o.deviation, o.SignedAt.Add(-2*time.Second), o.SigningKey.Public()
	ca, template, logs := w.Fulcio, fulcioTemplate(o.Identity, o.Issuer, from, pub), []*CTLog{w.CTLog}
	if o.Signer == PrivateCA {
		ca, template, logs = w.Private, privateTemplate(o.Identity, from, pub), nil
	}
	if d.ca != nil {
		ca = d.ca
	}
	if d.ctLogs != nil {
		logs = d.ctLogs
	}
	if o.NoSCT {
		logs = nil
	}
	template.SerialNumber = w.fresh("leaf").serial()
	if d.leaf != nil {
		d.leaf(template)
	}
	leaf := ca.issue(template, pub, d.sct, logs...)
	if o.Signer == PrivateCA {
		return []*x509.Certificate{leaf, ca.intermediate.cert}
	}
	return []*x509.Certificate{leaf}
}

// log logs a signature a second after it was made, and leaves out of the entry
// what the options leave out.
func (w *World) log(o Options, s signed) *rekorpb.TransparencyLogEntry {
	if o.Log == NoLog {
		return nil
	}
	if o.deviation.logged != nil {
		s.signature, s.payload, s.digest = slices.Clone(s.signature), slices.Clone(s.payload), slices.Clone(s.digest)
		o.deviation.logged(&s)
	}
	b, at := newBody(s, o.Log, o.Entry), o.SignedAt.Add(time.Second)
	if o.Log == LogV2 {
		return w.RekorV2.add(b, at, w.Witnesses[:o.Cosignatures]...)
	}
	e := w.Rekor.add(b, at)
	if o.PlainOrigin {
		where := place{size: e.InclusionProof.TreeSize, root: e.InclusionProof.RootHash}
		e.InclusionProof.Checkpoint.Envelope = signNote(checkpoint(w.Rekor.host, where), ecdsaNoteKey(w.Rekor.host, w.Rekor.key))
	}
	switch o.Log {
	case LogV1Promise:
		e.InclusionProof = nil
	case LogV1Proof:
		e.InclusionPromise = nil
	}
	return e
}

// timestamps are RFC 3161 responses as a bundle has them.
func timestamps(responses ...[]byte) *bundlepb.TimestampVerificationData {
	data := &bundlepb.TimestampVerificationData{}
	for _, r := range responses {
		data.Rfc3161Timestamps = append(data.Rfc3161Timestamps, &commonpb.RFC3161SignedTimestamp{SignedTimestamp: r})
	}
	return data
}
