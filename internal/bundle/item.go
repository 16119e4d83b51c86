package bundle

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/jsontext"

	"github.com/stellaops/stella/pkg/dsse"
)

// Item is one piece of signed evidence of which nothing is verified yet. One
// of Envelope and Blob is set.
type Item struct {
	Source string // the input's name
	Member string // of an archive; set by who opened it
	Line   int    // of JSON lines, from 1; 0 for a file that is one item
	// Part says which part of the document this is, in words of ours, such as
	// "attestation 2"; empty for a document that is one item.
	Part string
	// Attached is the digest of the image, "sha256:<hex>", to which an image layout
	// says that this is attached; empty for what comes from elsewhere. Nobody
	// signed that.
	Attached string
	Shape    string // for people: "Sigstore bundle v0.3", "DSSE envelope"
	Version  string // of the bundle, "" for what is not one
	Envelope *dsse.Envelope
	Blob     *Blob
	Material Material

	marks marks
}

// Blob is a signature over bare bytes.
type Blob struct {
	Algorithm string // of Digest, as a bundle names it: "SHA2_256"; may be empty
	Digest    []byte // may be empty
	Signature []byte
	// Payload is what is signed, where the evidence brings it: the document that
	// cosign signs for an image, see ParseSimpleSigning. It is nil for a signature
	// over an artifact, which is not in the evidence.
	Payload dsse.Content
}

// Material is what evidence carries beside the signature. None of it is
// verified. Whatever form it came in, log entries and time stamps are as a
// bundle has them.
type Material struct {
	KeyHint      string
	Certificates [][]byte         // DER, leaf first
	Chain        bool             // a bundle's certificates stood as a chain, even if there is one
	LogEntries   []jsontext.Value // TransparencyLogEntry, in the JSON of protocol buffers
	Timestamps   jsontext.Value   // TimestampVerificationData, likewise; may be nil
	// Stamped is what time stamps may cover instead of the signature; nil for
	// nothing. It is an envelope, in which the signature stands: cosign stamps
	// all of it unless it writes a Sigstore bundle.
	Stamped []byte
}

// Empty reports whether there is nothing beside the signature that a time or an
// identity could rest on.
func (m *Material) Empty() bool {
	return len(m.Certificates) == 0 && len(m.LogEntries) == 0 && m.Timestamps == nil
}

// Signatures returns the signatures of the item's envelope, each with a key
// id: a bundle keeps it beside the envelope, as the hint.
func (i *Item) Signatures() []dsse.Signature {
	signatures := i.Envelope.Signatures()
	sum, err := base64.StdEncoding.DecodeString(i.Material.KeyHint)
	if len(signatures) == 1 && signatures[0].KeyID == "" && err == nil && len(sum) == sha256.Size {
		signatures[0].KeyID = "sha256:" + hex.EncodeToString(sum)
	}
	return signatures
}
