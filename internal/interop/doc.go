// Package interop holds no code: its tests, built with the tag interop and run
// by "make interop", drive bin/stella beside the programs of others.
//
//   - Both majors of cosign, built from internal/thirdparty by scripts/oracles:
//     what stella signs verifies there, what they sign verifies in stella, and
//     each limit of theirs that shapes our formats is asserted, so that a change
//     of theirs is noticed.
//   - tuf-js, installed by scripts/tuf-js: it follows what stella publishes as
//     trust through each rotation, and refuses what stella refuses.
//   - OpenSSL, for the algorithms that cosign does not verify.
//   - strace, for the proof that no offline verb opens an internet socket.
//
// Every program runs in an empty network namespace. An absent program skips its
// tests, with a message; with CI=true it fails them.
package interop
