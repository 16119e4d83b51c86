package authenticator

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
)

// The PIN/UV auth protocols (CTAP 2.1, 6.5.6 and 6.5.7).
const (
	protocolOne = 1
	protocolTwo = 2
)

// A sharedSecret is what client and device agreed on: a key to authenticate with
// and one to encrypt with.
type sharedSecret struct {
	protocol  int
	hmac, aes []byte
}

// agree derives the shared secret from the client's key and the device's own.
func agree(protocol int, own *ecdh.PrivateKey, client coseKey) (sharedSecret, error) {
	peer, err := client.ecdhKey()
	if err != nil {
		return sharedSecret{}, err
	}
	z, err := own.ECDH(peer)
	if err != nil {
		return sharedSecret{}, InvalidParameter
	}
	if protocol == protocolOne {
		key := sha256.Sum256(z)
		return sharedSecret{protocol, key[:], key[:]}, nil
	}
	salt := make([]byte, sha256.Size)
	s := sharedSecret{protocol: protocol}
	if s.hmac, err = hkdf.Key(sha256.New, z, salt, "CTAP2 HMAC key", sha256.Size); err != nil {
		return s, err
	}
	s.aes, err = hkdf.Key(sha256.New, z, salt, "CTAP2 AES key", sha256.Size)
	return s, err
}

// authenticate is the protocol's authenticate(key, message).
func authenticate(protocol int, key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	sum := h.Sum(nil)
	if protocol == protocolOne {
		return sum[:16]
	}
	return sum
}

// verify is the protocol's verify(key, message, signature).
func verify(protocol int, key, message, signature []byte) error {
	if !hmac.Equal(authenticate(protocol, key, message), signature) {
		return PINAuthInvalid
	}
	return nil
}

// verify checks what the client authenticated with the shared secret.
func (s sharedSecret) verify(message, signature []byte) error {
	return verify(s.protocol, s.hmac, message, signature)
}

// decrypt is AES-256-CBC, with a zero IV in protocol 1 and the IV in front in
// protocol 2.
func (s sharedSecret) decrypt(b []byte) ([]byte, error) {
	iv := make([]byte, aes.BlockSize)
	if s.protocol == protocolTwo {
		if len(b) < aes.BlockSize {
			return nil, InvalidParameter
		}
		iv, b = b[:aes.BlockSize], b[aes.BlockSize:]
	}
	if len(b)%aes.BlockSize != 0 {
		return nil, InvalidParameter
	}
	block, err := aes.NewCipher(s.aes)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(b))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, b)
	return plain, nil
}

// encrypt is the opposite of decrypt. The length of b is a multiple of 16.
func (s sharedSecret) encrypt(b []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.aes)
	if err != nil {
		return nil, err
	}
	iv := make([]byte, aes.BlockSize)
	var out []byte
	if s.protocol == protocolTwo {
		iv = random(aes.BlockSize)
		out = append(out, iv...)
	}
	sealed := make([]byte, len(b))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, b)
	return append(out, sealed...), nil
}

func newAgreementKey() (*ecdh.PrivateKey, error) { return ecdh.P256().GenerateKey(rand.Reader) }
