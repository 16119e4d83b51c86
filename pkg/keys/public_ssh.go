package keys

import (
	"bytes"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/stellaops/stella/internal/fault"
)

// sshPrefixes are the beginnings by which a line of an OpenSSH public key is
// recognised (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"), supported or not.
func sshPrefixes() []string {
	return []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", sshVerifyRequired + " sk-", "rsa-sha2-"}
}

// parseSSHPublic parses lines of OpenSSH public keys, without options but the
// one of parseSecurityKeyLine. Empty lines and lines that begin with # are skipped.
func parseSSHPublic(b []byte) ([]PublicKey, error) {
	var out []PublicKey
	for line := range bytes.Lines(b) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, err := parseSSHLine(line)
		if err != nil {
			return nil, err
		}
		if len(out) == MaxTrustedKeys {
			return nil, fault.New(fault.InputTooLarge, "the key file has more than %d keys", MaxTrustedKeys)
		}
		out = append(out, key)
	}
	if len(out) == 0 {
		return nil, notKeyError()
	}
	return out, nil
}

func parseSSHLine(line []byte) (PublicKey, error) {
	if isSecurityKeyLine(line) {
		return parseSecurityKeyLine(line)
	}
	if !looksPublic(line) {
		return PublicKey{}, notKeyError()
	}
	kind, _, _ := strings.Cut(string(line), " ")
	switch kind {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoRSA:
	default:
		return PublicKey{}, fault.New(fault.KeyUnsupported, "unsupported kind of OpenSSH key %q", clip(kind)).
			WithHint("use an ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ssh-rsa, %s or %s key",
				ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256)
	}
	parsed, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil || parsed.Type() != kind {
		return PublicKey{}, malformed("OpenSSH public key")
	}
	key, ok := parsed.(ssh.CryptoPublicKey)
	if !ok {
		return PublicKey{}, malformed("OpenSSH public key")
	}
	return publicKey(key.CryptoPublicKey())
}

// notKeyError is about a file that holds something else.
func notKeyError() error {
	return fault.New(fault.KeyMalformed, "not a public key, certificate or keys.json").
		WithHint("give a PEM or OpenSSH public key, a certificate, a keys.json, or a directory of them")
}

// clip shortens a word of a file for a message.
func clip(s string) string {
	const limit = 60
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
