// Package pkcs11 is the driver of keys in PKCS #11 tokens: hardware security
// modules, smart cards, and software that speaks the same interface.
//
// A reference is a PKCS #11 URI (RFC 7512), see [ParseURI]:
//
//	pkcs11:token=release;object=signer
//	pkcs11:serial=DENK0100;id=%01?module-path=/usr/lib/opensc-pkcs11.so&pin-source=file:/run/pin
//
// The driver calls the vendor's library and so needs cgo; it is in builds with
// the tag pkcs11. In other builds [New] returns a driver that is absent (see
// keys.Absent) and says which build has it. The parser of references and the
// search for modules are the same everywhere.
//
// RSA and ECDSA signatures are made through crypto11, which keeps a PKCS #11
// session for one call at a time and knows the encodings. Ed25519, which it
// lacks, and all that is not signing (finding tokens and keys, logging in,
// making keys) go through miekg/pkcs11 on the same library.
//
// A program has one Driver: the login to a token belongs to the process, and
// so does the initialization of a module. A token is logged in to when its
// first key is opened, and out when the last signer is closed.
package pkcs11
