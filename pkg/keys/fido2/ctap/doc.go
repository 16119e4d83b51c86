// Package ctap speaks CTAP2 to a FIDO2 token: the commands that signing keys
// need, with PIN/UV auth protocols 1 and 2 (Client to Authenticator Protocol,
// CTAP 2.1, proposed standard of June 15, 2021).
//
// What a token answers is hostile until it is parsed: CBOR in the canonical form
// of CTAP2 and no other, within bounds, with every length checked. A malformed
// answer is fault.DeviceFailed; a status other than success is a [Status], which
// the caller maps to words.
package ctap
