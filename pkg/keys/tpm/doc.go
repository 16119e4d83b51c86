// Package tpm is the driver of keys that a TPM 2.0 keeps. It is pure Go.
//
// A key lives in a key file, which only the TPM that made it can use, or in the
// TPM itself under a persistent handle:
//
//	tpm:release.tpm
//	tpm:release.tpm?pin-file=/run/secrets/pin
//	tpm:release.tpm?device=/run/swtpm/socket
//	tpm:handle=0x81000100?auth=none
//
// # Key files
//
// A key file is "TSS2 PRIVATE KEY" in PEM, as tpm2-openssl, openssl_tpm2_engine
// and others read and write it: the private half encrypted by a storage key of
// the TPM (draft-bottomley-tpm2-keys). The storage key is the primary key of
// the owner hierarchy, which the TPM makes anew from its seed each time, or a
// persistent key.
//
// # What crosses the bus
//
// Keys are used in sessions whose key depends on a secret that is encrypted to
// the storage key. The PIN is the key's auth value: it is sent only when a key
// is made, encrypted; afterwards a code computed from it and from the session's
// key is sent. So somebody who listens between processor and TPM learns neither
// the PIN nor something to guess it with, and cannot change what is signed.
// Somebody who also alters what passes there can play the storage key: against
// that the storage key would have to be known beforehand.
//
// # Turns
//
// A driver has one connection to a TPM and its signers take turns on it. A
// software TPM behind a socket serves one program at a time.
package tpm
