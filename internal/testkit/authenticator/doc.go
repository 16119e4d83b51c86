// Package authenticator is a CTAP2 authenticator for tests: a security token in
// software that unmodified programs open as a device file. It runs on Linux,
// without root and without kernel modules.
//
//	d := authenticator.Start(t, authenticator.WithPIN("1234"))
//	exec.Command("fido2-token", "-I", d.Path())
//
// # How
//
// [Device.Path] is the slave of a pseudo-terminal. A HID device passes reports of
// 64 bytes, and so does a terminal in raw mode that is readable from 64 bytes on;
// a client writes each report with a report number before it. libfido2 takes any
// character device for a token that has no report descriptor. Nothing finds the
// device by itself: clients ask the system for HID devices, so they need the path.
//
// # What is emulated
//
// CTAPHID (CTAP 2.1, 11.2): channels, messages of up to 7609 bytes, INIT, PING,
// CBOR, CANCEL, KEEPALIVE, WINK, LOCK and every error. CTAP 2.1, 6:
// getInfo, makeCredential, getAssertion, getNextAssertion, clientPIN with both
// protocols and permissions, credentialManagement (also under its number before
// 2.1), selection and reset; ES256, EdDSA and ES384; resident credentials;
// credProtect; hmac-secret with its two secrets per credential; attestation
// "packed" by a certificate chain or by the credential itself, "fido-u2f" and
// "none". Messages are canonical CBOR, and others are refused. Options choose a
// token of CTAP 2.0, one that always wants the PIN, and the like. The user who
// touches it, the hand that pulls it out and every kind of broken answer
// ([Device.Inject]) belong to it too.
//
// # How it was proved faithful
//
// The tests run Debian's fido2-token, fido2-cred, fido2-assert (libfido2 1.12) and
// ssh-keygen against it, none of them changed: PINs are set, changed, mistaken until
// they are blocked; credentials and assertions are made and verified for each
// algorithm that the programs know, with and without PIN; resident credentials are
// listed, renamed and deleted. What libfido2 never does is tested report by
// report. Where the specification leaves a status open, the device answers as
// OpenSK does.
//
// # What is not emulated
//
// U2F messages (the device says so), built-in user verification (fingerprints),
// enterprise attestation, large blobs, credBlob, authenticatorConfig, RS256, and
// USB itself. Several clients at once: they share one queue of reports, whereas each
// opener of a HID device has its own; and unread reports are dropped when a client
// asks for a channel. When a client is more than 4 KiB behind, a read that does
// not block may return a part of a report. Credentials live in memory, not in their
// ids. Secrets are made to be inspected: nothing here protects anything.
package authenticator
