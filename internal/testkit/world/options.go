package world

import (
	"cmp"
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
	PrivateCA               // a certificate of an organisation's own authority, without an OIDC issuer
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
	// DefaultEntry is DSSE for a statement in Rekor version 1, else HashedRekord.
	DefaultEntry Entry = iota
	HashedRekord       // "hashedrekord" 0.0.1 or, in Rekor version 2, 0.0.2
	DSSE               // "dsse" 0.0.1 or, as Rekor version 2 had it until 2.3.0, 0.0.2
	Intoto             // "intoto" 0.0.2, of Rekor version 1
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
	Stamp        Stamp // what the timestamp is like; its time is SignedAt
	NoSCT        bool
	Cosignatures int // of how many of the world's witnesses, with LogV2
	// PlainOrigin leaves out of the checkpoint of Rekor version 1 which tree it is of.
	PlainOrigin bool

	Artifact []byte // default [DefaultArtifact]
	Payload  []byte // of the envelope; default [StatementAbout] the artifact
	// PayloadType is the envelope's, by default in-toto's.
	PayloadType string
	// Identity is a URI or an e-mail address, by default [DefaultIdentity] or, of
	// a private authority, [DefaultPrivateIdentity].
	Identity string
	Issuer   string    // default [DefaultIssuer]
	SignedAt time.Time // default the world's time

	// SigningKey signs. The default is an ECDSA P-256 key: with Key the one of the
	// world, else a fresh one. Others are ECDSA on other curves, RSA, and Ed25519
	// for statements outside Rekor version 2.
	SigningKey crypto.Signer

	deviation deviation
}

const (
	// DefaultIdentity is who signs without other word: a workflow.
	DefaultIdentity = "https://github.com/world/app/.github/workflows/release.yml@refs/tags/v1.0.0"
	// DefaultPrivateIdentity is who has a certificate of the private authority.
	DefaultPrivateIdentity = "release@world.test"
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
	o.PayloadType = cmp.Or(o.PayloadType, intotoType)
	if o.Signer == PrivateCA {
		o.Identity = cmp.Or(o.Identity, DefaultPrivateIdentity)
	}
	o.Identity, o.Issuer = cmp.Or(o.Identity, DefaultIdentity), cmp.Or(o.Issuer, DefaultIssuer)
	if o.SignedAt.IsZero() {
		o.SignedAt = w.Clock.Now()
	}
	if o.Stamp.At.IsZero() {
		o.Stamp.At = o.SignedAt
	}
	if o.SigningKey == nil {
		o.SigningKey = w.signingKey(o.Signer)
	}
	if o.Entry == DefaultEntry {
		o.Entry = HashedRekord
		if o.Log != LogV2 && o.Content == Statement {
			o.Entry = DSSE
		}
	}
	return o
}

// signingKey is the world's own or, for certificates, a fresh one.
func (w *World) signingKey(s Signer) crypto.Signer {
	if s == Key {
		return w.key
	}
	return w.fresh("signer").p256()
}
