package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// sshVerifyRequired is the one option that is read before a public key of
// OpenSSH on a FIDO2 token: its user must be verified (sshd(8), "AUTHORIZED_KEYS
// FILE FORMAT").
const sshVerifyRequired = "verify-required"

// parseSecurityKeyLine parses a line of an OpenSSH key on a FIDO2 token.
func parseSecurityKeyLine(line []byte) (PublicKey, error) {
	bare, required := bytes.CutPrefix(line, []byte(sshVerifyRequired+" "))
	parsed, _, options, _, err := ssh.ParseAuthorizedKey(bare)
	if err != nil || len(options) > 0 {
		return PublicKey{}, malformed("OpenSSH public key")
	}
	key, application, err := parseSecurityKeyBlob(parsed.Marshal())
	if err != nil {
		return PublicKey{}, err
	}
	flags := []string{FlagUP}
	if required {
		flags = append(flags, FlagUV)
	}
	return PublicKey{Key: key, FIDO2: &FIDO2{RPID: application, Flags: flags}}, nil
}

// isSecurityKeyLine reports whether a line names a key on a FIDO2 token.
func isSecurityKeyLine(line []byte) bool {
	line = bytes.TrimPrefix(line, []byte(sshVerifyRequired+" "))
	return bytes.HasPrefix(line, []byte("sk-ssh-")) || bytes.HasPrefix(line, []byte("sk-ecdsa-"))
}

// parseSecurityKeyBlob parses what marshalSecurityKey writes.
func parseSecurityKeyBlob(blob []byte) (crypto.PublicKey, string, error) {
	var head struct {
		Kind string
		Rest []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(blob, &head) != nil {
		return nil, "", malformed("OpenSSH public key")
	}
	var pub crypto.PublicKey
	var application string
	var err error
	switch head.Kind {
	case ssh.KeyAlgoSKECDSA256:
		var k struct {
			Curve       string
			Point       []byte
			Application string
		}
		if ssh.Unmarshal(head.Rest, &k) != nil || k.Curve != "nistp256" {
			return nil, "", malformed("OpenSSH public key of a FIDO2 token")
		}
		application = k.Application
		pub, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), k.Point)
	case ssh.KeyAlgoSKED25519:
		var k struct {
			Key         []byte
			Application string
		}
		if ssh.Unmarshal(head.Rest, &k) != nil || len(k.Key) != ed25519.PublicKeySize {
			return nil, "", malformed("OpenSSH public key of a FIDO2 token")
		}
		application, pub = k.Application, ed25519.PublicKey(k.Key)
	default:
		return nil, "", fault.New(fault.KeyUnsupported, "unsupported kind of OpenSSH key %q", clip(head.Kind)).
			WithHint("use an %s or %s key", ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256)
	}
	if err != nil || !isApplication(application) {
		return nil, "", malformed("OpenSSH public key of a FIDO2 token")
	}
	return pub, application, nil
}

// isApplication holds an application to what keys.json takes for rpId.
func isApplication(s string) bool {
	return strings.HasPrefix(s, SSHSigApplication) && len(s) <= maxTextSize && strictjson.IsPrintable(s)
}
