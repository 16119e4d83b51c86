// Package dsse signs and opens DSSE envelopes, the Dead Simple Signing
// Envelope of https://github.com/secure-systems-lab/dsse, protocol version 1.
//
// # The format
//
// An envelope is a JSON object:
//
//	{"payload":     "<base64 of the payload>",
//	 "payloadType": "<media type>",
//	 "signatures":  [{"keyid": "<hint>", "sig": "<base64>"}, …]}
//
// Every signature covers PAE(payloadType, payload), the pre-authentication
// encoding (protocol.md, "Signature Definition"):
//
//	"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body
//
// where SP is one space and LEN the decimal count of bytes without leading
// zeros.
//
// # Rules of this package
//
//   - A payload comes out of [Open], which verified it, or out of a method
//     whose name says Unverified.
//   - The key fixes the scheme (see [SchemeOf]); nothing in the envelope
//     chooses an algorithm. A key id is a hint that selects nothing: every
//     signature is tried with every key.
//   - A threshold counts distinct holders, never signatures or key ids.
//   - Both base64 alphabets are accepted, padded, without line breaks and
//     with zero trailing bits (RFC 4648, sections 3.3 and 3.5). Unknown members are
//     ignored, as the specification demands; duplicate members, and members
//     that differ from a known one only by case, are refused.
//   - Payloads stream: a payload of any size is signed and verified in
//     constant memory, except for schemes that sign the message itself
//     (Ed25519, ML-DSA), which hold it once.
//
// All types are safe for concurrent use unless their comment says otherwise.
package dsse

// PayloadTypeInToto is the payload type of in-toto statements
// (in-toto attestation framework, spec/v1/envelope.md).
const PayloadTypeInToto = "application/vnd.in-toto+json"

// Limits on what is read from outside. They are part of the format's contract:
// what is over one of them is refused by name.
const (
	// MaxSignatures bounds the signatures of one envelope: each is tried with
	// each key, so their number bounds the work an attacker can cause.
	MaxSignatures = 64
	// MaxSignatureSize bounds one signature, in bytes. The largest scheme
	// known here, ML-DSA-87, has 4,627; FIDO2 and certificates need room.
	MaxSignatureSize = 64 << 10
	// MaxKeyIDSize bounds a key id, in bytes.
	MaxKeyIDSize = 4 << 10
	// MaxPayloadTypeSize bounds a payload type, in bytes.
	MaxPayloadTypeSize = 1 << 10
	// MaxPayloadSize bounds a decoded payload, in bytes: a document of 1 GiB and
	// the statement around it. It also bounds what a scheme that signs the message
	// itself holds in memory.
	MaxPayloadSize = 1<<30 + 64<<20
	// MaxOverhead bounds all of an envelope but its payload, in bytes.
	MaxOverhead = 8 << 20
)
