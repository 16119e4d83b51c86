// Package keys names, reads, writes and judges keys.
//
// # Signing
//
// A key to sign with is named by a [Ref] and opened by a [Driver]. A [Drivers]
// value is the list of drivers that a program has; there is no global list. The
// driver for key files is package file beside this one.
//
//	release.key                               a path
//	file:release.key                          the same
//	release.key?passphrase-file=/run/secret   with the place of its passphrase
//	pkcs11:token=T;object=K                   a key of another driver
//
// [ParsePrivate] reads a private key in any of the formats listed at [Format],
// and [MarshalPrivate] writes three of them.
//
// # Verifying
//
// [LoadTrust] reads public keys, pinned certificates and keys.json files into a
// [Trust]: the keys that verification rests on, each with its holder, the time
// in which it is good and the predicate types that it may sign. This trust is
// unrooted: nothing signs it, it is as good as the place it was read from.
//
// # keys.json
//
// One JSON object, at most [MaxKeysJSONSize] bytes, without duplicate or
// unknown members and without null:
//
//	format          "stella.ops/keys@v1"
//	keys            array of at most 1,024 entries
//
// and each entry
//
//	name            how messages call the key; unique in the file
//	key             SubjectPublicKeyInfo as PEM text ("PUBLIC KEY")
//	algorithm       "ecdsa-p256", "ecdsa-p384", "ed25519", "ml-dsa-65", "sm2" or "rsa-<bits>"; must fit the key
//	scheme          optional; how the key signs, see [Scheme]
//	holder          optional; who holds the key, default its key id
//	hybrid          optional, only with holder; the group of keys that count only together
//	roles           optional; the roles that the holder may fill
//	notBefore       optional; RFC 3339 in UTC
//	notAfter        optional; the last instant at which the key is good
//	revokedAt       optional; from this instant on the key is bad
//	reason          optional, only with revokedAt
//	predicateTypes  array of predicate type URIs, empty for none, or exactly ["*"] for any
//	tenant          optional
//	fido2           with scheme "fido2" or "sshsig": object of rpId and flags
//
// The JSON Schema is [KeysJSONSchema]; the page docs/formats/keys-json.md has
// an example and the rules that a schema cannot express.
//
// All functions are safe for concurrent use. No error of this package holds
// content of a private key, a passphrase, or a file that might be one.
package keys
