package world

import (
	"crypto"
	"time"
)

// A Version is that of a bundle's format.
type Version int

const (
	V03 Version = iota // the certificate alone, inclusion proofs demanded
	V02                // a certificate chain, inclusion proofs demanded
	V01                // a certificate chain, inclusion promises demanded
	// V03Old is version 0.3 under the spelling that the older versions have.
	V03Old
)

// A Content is what a bundle's signature covers.
type Content int

const (
	Statement Content = iota // an in-toto statement about the artifact, in a DSSE envelope
	Message                  // the artifact itself
)

// A Signer is who signs.
type Signer int

const (
	Keyless   Signer = iota // a certificate of Fulcio, for an identity
	Key                     // a key that verifiers have, in no certificate
	PrivateCA               // a certificate of an organisation's own authority
)

// A Log is what transparency log a signature is in, and what the bundle has of it.
type Log int

const (
	LogV1        Log = iota // Rekor version 1: signed time and inclusion proof
	LogV1Promise            // the signed time alone
	LogV1Proof              // the inclusion proof alone
	LogV2                   // Rekor version 2: inclusion proof, no time
	NoLog
)

// An Entry is the type of a log entry.
type Entry int

const (
	// DefaultEntry is "dsse" for a statement in Rekor version 1, else
	// "hashedrekord".
	DefaultEntry Entry = iota
	Intoto             // "intoto" 0.0.2, of Rekor version 1, for statements
	DSSE               // "dsse" 0.0.2, which Rekor version 2 had until 2.3.0
)

// Options choose what evidence is like. The zero value is what GitHub Actions and
// cosign make: a keyless bundle of version 0.3 with a statement, logged in Rekor
// version 1, an SCT in its certificate, and an RFC 3161 timestamp.
type Options struct {
	Version Version
	Content Content
	Signer  Signer
	Log     Log
	Entry   Entry

	NoTimestamp  bool
	NoSCT        bool
	Cosignatures int // of how many of the world's witnesses, with LogV2

	Artifact []byte // default [DefaultArtifact]
	Payload  []byte // of the envelope; default a statement about the artifact
	// PayloadType is the envelope's, by default in-toto's.
	PayloadType string
	Identity    string    // default [DefaultIdentity]; a URI or an e-mail address
	Issuer      string    // default [DefaultIssuer]
	SignedAt    time.Time // default the world's time

	// SigningKey signs. The default is an ECDSA P-256 key: with Key the one of the
	// world, else a fresh one. Others are ECDSA on other curves, RSA, and Ed25519
	// for statements outside Rekor version 2.
	SigningKey crypto.Signer

	deviation deviation
}

const (
	// DefaultIdentity is who signs without other word: a workflow.
	DefaultIdentity = "https://github.com/world/app/.github/workflows/release.yml@refs/tags/v1.0.0"
	// DefaultIssuer is who vouches for the default identity.
	DefaultIssuer = "https://issuer.world.test"
	// DefaultArtifact is what is signed, or what the statement is about.
	DefaultArtifact = "an artifact of the world\n"

	intotoType = "application/vnd.in-toto+json"
)

// withDefaults fills in what the options leave open.
func (w *World) withDefaults(o Options) Options {
	if o.Artifact == nil {
		o.Artifact = []byte(DefaultArtifact)
	}
	if o.Payload == nil {
		o.Payload = StatementAbout(o.Artifact)
	}
	if o.PayloadType == "" {
		o.PayloadType = intotoType
	}
	if o.Identity == "" {
		o.Identity = DefaultIdentity
	}
	if o.Issuer == "" {
		o.Issuer = DefaultIssuer
	}
	if o.SignedAt.IsZero() {
		o.SignedAt = w.Clock.Now()
	}
	if o.SigningKey == nil {
		o.SigningKey = w.key
		if o.Signer != Key {
			o.SigningKey = w.fresh("leaf").p256()
		}
	}
	if o.Entry == DefaultEntry && o.Log != LogV2 && o.Content == Statement {
		o.Entry = dsseV1
	}
	o.deviation = o.deviation.withDefaults(w)
	return o
}

// dsseV1 is "dsse" 0.0.1, the default in Rekor version 1.
const dsseV1 Entry = -1
