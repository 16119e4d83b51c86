// Package libfido2 is the backend of FIDO2 keys over Yubico's libfido2, for
// tokens and systems that the backend in pure Go does not reach. It exists in
// builds with cgo and the tag libfido2, on Linux; the released builds do not have
// it. Build one with
//
//	make build-libfido2
//
// which needs the headers of libfido2 (on Debian: libfido2-dev).
//
// # What is mended
//
// The library is called through github.com/keys-pub/go-libfido2, which leaves
// some things undone. The linker's option --wrap puts a function of this package
// before each function of libfido2 that matters (hooks.c), and so
//
//   - the C copy of a PIN is overwritten as soon as libfido2 has used it;
//   - a command has a time limit, where libfido2 waits without one;
//   - cancelling reaches the token only between opening and closing it, under a
//     lock; the binding's own Cancel is a data race and is not used;
//   - a token that another program uses is said to be busy, where libfido2 waits
//     for it without an end; a command that nobody waits for any more does not
//     begin when the token becomes free;
//   - a signal that the Go runtime sends to a thread does not end a command;
//   - the whole attestation statement comes back, not its first certificate, and
//     how long a PIN has to be.
//
// # What differs from the backend in pure Go
//
// Each command opens the token and closes it, so another program may come
// between two. libfido2 does not say when a token begins to wait for a touch, so
// the user is told before the command starts. It does not say that a token takes
// no PIN before it is unplugged; the token itself says so, when it gets the PIN.
// Credentials that are stored on a token are listed without their public keys.
package libfido2
