// Package material judges what stands beside a signature: the signer's
// certificate, entries in transparency logs, RFC 3161 time stamps, signed
// certificate timestamps and witnesses' cosignatures. It holds them against a
// [Root], which is everything that may vouch: the authorities of Sigstore
// trusted roots, private CAs, TSAs and witnesses.
//
// The judging is sigstore-go's, whose types stay inside. What this package adds
// is that each piece is judged for itself, so that a report can name each with
// what became of it; that what the library would follow into a nil pointer is
// refused first; that nothing needs the payload in memory; and that private CAs
// and their CRLs are as good as Fulcio.
//
// It is stricter than the library where that leaves something unread: an entry's
// type is that of its body; the body of a Rekor v2 entry is the one in the log;
// a proof says what its checkpoint says, and a checkpoint of Rekor v1 is called as
// the log is; a log is trusted when it took an entry, also where only an inclusion proof
// is there; nothing is from after the time of verification; a token is a time
// stamp of version 1 that names its signer's certificate (RFC 3161, RFC 5816); a
// leaf is no CA's, is for signing code, and names one OIDC issuer.
//
// A finding is good if and only if its Err is nil. One by an authority that the
// Root does not hold has an Err that wraps [ErrNotTrusted]: it proves nothing and
// refutes nothing. Every other Err has a reason of the fault catalog and means
// that the evidence is not what it claims to be.
//
// Signatures over the payload itself are not judged here, nor who a certificate
// is for: see package verify.
package material

import (
	"errors"
	"time"
)

// ErrNotTrusted is wrapped by the Err of a finding by an authority that is not
// in the Root.
var ErrNotTrusted = errors.New("by an authority that is not trusted")

// Limits on one signature's material.
const (
	// MaxEntries bounds log entries, time stamps and SCTs, each. The library has
	// the same bound.
	MaxEntries = 32
	// maxBody bounds the body of a log entry, in bytes: it holds two digests, a
	// signature and a certificate.
	maxBody = 256 << 10
	// maxToken bounds an RFC 3161 token, in bytes: it holds a certificate chain.
	maxToken = 128 << 10
	// maxAhead is how far the clock of a log or TSA may be ahead of the time of
	// verification.
	maxAhead = 5 * time.Minute
)
