// Package keyring keeps what a user knows about keys: where each is held, its
// public half, who holds it, from when to when it is good, whether it was
// revoked, and what became of it. It holds no secret.
//
// # The keyring
//
// A [Keyring] is a directory with one file, keyring.json. Reading needs no lock:
// the file is replaced whole. [Keyring.Update] changes it under a lock of the
// operating system, so two processes lose nothing, and puts it on disk so that a
// power failure leaves the old keyring or the new one.
//
// # Signing
//
// [Driver] opens keys of the scheme "keyring": the reference that the entry has,
// by the driver that it names. The key that comes out must be the one whose
// public half the entry has. A key that is revoked, kept for verification, not
// yet or no longer good is refused, and [Contents.Judge] refuses it too when it
// is named in another way, such as by its path.
//
// # Verifying
//
// The keyring is not trust. [Entry.Trusted] gives a key to those who name it as
// the one to verify with, with its window and its revocation.
//
// # keyring.json
//
// One JSON object, at most [MaxSize] bytes, without duplicate or unknown members
// and without null:
//
//	format        "stella.ops/keyring@v1"
//	entries       array of at most 1,024 entries
//
// and each entry, with the members of a keys.json entry except predicateTypes,
//
//	state         "active", "verify-only" or "revoked"
//	reference     the key reference that opens it; an active key has one
//	successor     optional; the name of the key that follows it
//	certificates  optional; base64 of DER, the key's own first, then its issuers
//	attestations  optional; objects of format, statement, chain and obtainedAt
//	history       objects of time, event and an optional detail; only added to
//
// The JSON Schema is [Schema]; the page docs/formats/keyring.md has an example.
package keyring
