// Package audit keeps the log of every use of a private key. The command line
// and the service share it.
//
// A log is JSON lines. Each record carries the SHA-256 of the line before it, so
// an edit, a removal and a change of order are found by reading the log alone.
// What reading alone cannot find, a tail that was cut off or a log that was
// rewritten as a whole, a checkpoint finds that is kept elsewhere: a C2SP signed
// note (https://c2sp.org/signed-note) over the number of records and the hash of
// the last one, by an Ed25519 key of the log's own.
//
// Beside the log FILE lie
//
//	FILE.000001 …    older segments, from the oldest; the chain runs through them
//	FILE.key         the private audit key, a signed note's encoding, mode 0600
//	FILE.pub         the verifier key
//	FILE.checkpoint  the newest checkpoint
//	FILE.lock        what processes lock while they write
//
// A record is on disk before [Log.Append] returns, and a signature leaves a
// [Signer] only after that. Calls that come together share one write and one
// fsync. The format is described field by field in docs/formats/audit.md.
package audit
