// Package fido2 is the driver of keys that need a FIDO2 token to sign. It has
// three modes, and each proves something else:
//
//	fido2            The token unlocks an ordinary key (hmac-secret), which signs.
//	                 Everybody can verify: cosign, openssl, stella. Proves that
//	                 the token was there when the key was unlocked, to nobody but
//	                 the signer: verifiers see an ordinary key.
//	fido2-assertion  The token signs each statement itself, in the scheme
//	                 keys.SchemeFIDO2. Proves to the verifier a touch, and a PIN if
//	                 trust demands it, for this very statement. Only stella verifies.
//	sshsig           The same by an OpenSSH key on a token, in the scheme
//	                 keys.SchemeSSHSig. ssh-keygen -Y verify verifies too.
//
// A reference names a file, which says its mode:
//
//	fido2:release.fido2                          made by Generate, see KeyFile
//	fido2:~/.ssh/id_ed25519_sk                   made by ssh-keygen -t ed25519-sk
//	fido2:release.fido2?device=/dev/hidraw3      with the token to use
//	fido2:release.fido2?pin-file=/run/secret     with the place of its PIN
//
// Without device= the token is the configured one, the only one that is plugged
// in, or the one that knows the key; where that does not tell, the one that is
// touched.
//
// In mode fido2 a key is unlocked once, when it is opened, and signs any number
// of times until it is closed; its PKCS #8 form is overwritten at once, the key
// at Close as far as the standard library allows. In the other modes each
// signature wants a touch; a PIN is asked for once and kept until Close.
//
// A PIN is never tried twice. When few tries are left, the prompt says so.
package fido2
