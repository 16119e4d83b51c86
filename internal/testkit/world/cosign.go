package world

import (
	"encoding/base64"
	"encoding/hex"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
)

// Detached is what "cosign sign-blob" of version 1 and 2 wrote with
// --output-signature and --output-certificate.
type Detached struct {
	Artifact    []byte
	Signature   []byte // base64, without a line end
	Certificate []byte // PEM; nil for bare keys
	// CertificateBase64 is base64 of the PEM, which is what cosign writes unless it
	// is told otherwise.
	CertificateBase64 []byte
}

// Detached signs an artifact as cosign did before there were bundles. Nothing in
// it proves a time.
func (w *World) Detached(o Options) Detached {
	o.Content = Message
	o = w.withDefaults(o)
	s := w.make(o).signed
	d := Detached{Artifact: o.Artifact, Signature: base64Text(s.signature)}
	if len(s.chain) > 0 {
		d.Certificate = CertificatePEM(s.chain[0])
		d.CertificateBase64 = base64Text(d.Certificate)
	}
	return d
}

// CosignBundle is what cosign wrote with --bundle before Sigstore's bundles: the
// signature of a message or, for a statement, the whole envelope; the
// certificate; and the log's promise. A timestamp stood in a file of its own.
func (w *World) CosignBundle(o Options) []byte {
	o = w.withDefaults(o)
	p := w.make(o)
	payload := p.signed.signature
	if o.Content == Statement {
		payload = envelopeJSON(p.signed)
	}
	bundle := object{"base64Signature": base64.StdEncoding.EncodeToString(payload)}
	if len(p.signed.chain) > 0 {
		bundle["cert"] = CertificatePEM(p.signed.chain[0])
	}
	if p.entry != nil {
		bundle["rekorBundle"] = cosignEntry(p.entry)
	}
	return encodeObject(bundle)
}

// cosignEntry is a log's promise in cosign's own form, whose members are named
// like Go's.
func cosignEntry(e *rekorpb.TransparencyLogEntry) object {
	return object{
		"SignedEntryTimestamp": e.InclusionPromise.GetSignedEntryTimestamp(),
		"Payload": object{
			"body": e.CanonicalizedBody, "integratedTime": e.IntegratedTime,
			"logIndex": e.LogIndex, "logID": hex.EncodeToString(e.LogId.KeyId),
		},
	}
}

func base64Text(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }
