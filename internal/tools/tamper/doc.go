// Tamper does to an evidence snapshot what somebody might do to it on its way, one named
// tampering at a time, and holds what a verifier says to what it should have said.
//
//	tamper -page FILE
//	tamper [-other SNAPSHOT] [-stolen DIR] NAME IN OUT
//	tamper [-other SNAPSHOT] [-stolen DIR] -all IN DIR
//	tamper -judge DIR
//
// With -page it writes docs/tamperings.md, which has a row for each of them.
//
// The tamperings are those of the snapshot that scripts/story makes: they name its
// entries. OUT is a tar archive compressed by gzip. With -all each tampering goes into
// DIR/NAME.tar.gz, and the snapshot, packed anew as it is, into DIR/untouched.tar.gz.
//
// Other is a snapshot of another case by the same laboratory. Stolen is a directory of
// private keys without a passphrase: release.key, which is trusted, but not for snapshots;
// old-lab.key, which was trusted for snapshots and is revoked; lab.key, with which the
// snapshot itself is signed, for what only an insider can do. Without a key that it needs
// a tampering fails.
//
// For -judge DIR holds, for each tampering, what "stella forensic verify --format json"
// printed in NAME.json, and its exit status in NAME.status. It prints a line for each,
// "NAME → REASON at PLACE", and fails if one was not found, or if anything else was said of
// it than what it is.
//
// What an attacker computes, such as the hashes of a timeline or the Merkle root, is
// computed here by the documents alone and not by what the verifier is made of.
package main

//go:generate go run . -page ../../../docs/tamperings.md
