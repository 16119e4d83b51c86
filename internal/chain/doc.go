// Package chain is what every hash-chained file of stella shares: the audit log
// and timelines.
//
// Each record carries the SHA-256 of the record before it, so an edit, a removal and
// a change of order are found by reading the file alone. What reading alone cannot
// find, a tail that was cut off or a file that was rewritten as a whole, a checkpoint
// finds that is kept elsewhere: a C2SP signed note (https://c2sp.org/signed-note) over
// the number of records and the hash of the last one, by an Ed25519 key of the file's
// own.
//
// Beside a file FILE lie
//
//	FILE.key         the private key, a signed note's encoding, mode 0600
//	FILE.pub         the verifier key
//	FILE.checkpoint  the newest checkpoint
//	FILE.lock        what processes lock while they write
package chain
