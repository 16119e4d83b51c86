package keys

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"

	"crypto/x509"

	"golang.org/x/crypto/ssh"

	"github.com/stellaops/stella/internal/fault"
)

// parseOpenSSH parses a private key of OpenSSH. The library bounds the rounds
// of bcrypt.
func parseOpenSSH(block *pem.Block, passphrase func() ([]byte, error)) (any, Format, error) {
	text := pem.EncodeToMemory(block)
	key, err := ssh.ParseRawPrivateKey(text)
	if err == nil {
		return plainEd25519(key), FormatOpenSSH, nil
	}
	if file, err := parseOpenSSHFile(block); err == nil && file.isSecurityKey() {
		return nil, "", fault.New(fault.KeyUnsupported, "the OpenSSH key lies on a FIDO2 token").
			WithHint("name it with its driver: fido2:KEY")
	}
	if _, ok := errors.AsType[*ssh.PassphraseMissingError](err); !ok {
		return nil, "", malformed("OpenSSH private key, or one of a kind that is not supported")
	}
	key, err = withPassphrase(passphrase, func(p []byte) (any, error) {
		key, err := ssh.ParseRawPrivateKeyWithPassphrase(text, p)
		if errors.Is(err, x509.IncorrectPasswordError) {
			return nil, wrongPassphrase()
		}
		if err != nil {
			return nil, malformed("OpenSSH private key, or one of a kind that is not supported")
		}
		return plainEd25519(key), nil
	})
	return key, FormatOpenSSHEncrypted, err
}

// plainEd25519 returns the key without the pointer that this library adds.
func plainEd25519(key any) any {
	if k, ok := key.(*ed25519.PrivateKey); ok {
		return *k
	}
	return key
}
