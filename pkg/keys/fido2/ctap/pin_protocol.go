package ctap

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"slices"
)

// sharedSecret is what platform and token agreed on, by PIN/UV auth protocol 1 or
// 2 (CTAP 2.1, sections 6.5.6 and 6.5.7).
type sharedSecret struct {
	protocol  int
	agreement coseKey // our half
	hmac, aes []byte  // with protocol 1 the same key
}

// bestProtocol returns the protocol to use: 2 where the token has it.
func (i *Info) bestProtocol() (int, error) {
	for _, p := range []int{2, 1} {
		if slices.Contains(i.PINProtocols, p) {
			return p, nil
		}
	}
	return 0, malformed("no PIN protocol that is known")
}

// agree makes a fresh secret with the token's key.
func agree(protocol int, token coseKey) (*sharedSecret, error) {
	theirs, err := token.agreement()
	if err != nil {
		return nil, err
	}
	ours, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	z, err := ours.ECDH(theirs)
	if err != nil {
		return nil, malformed("a key agreement that gives no secret")
	}
	defer clear(z)
	s := &sharedSecret{protocol: protocol, agreement: coseAgreement(ours.PublicKey())}
	if protocol == 1 {
		sum := sha256.Sum256(z)
		s.hmac, s.aes = sum[:], sum[:]
		return s, nil
	}
	salt := make([]byte, sha256.Size)
	if s.hmac, err = hkdf.Key(sha256.New, z, salt, "CTAP2 HMAC key", sha256.Size); err != nil {
		return nil, err
	}
	s.aes, err = hkdf.Key(sha256.New, z, salt, "CTAP2 AES key", sha256.Size)
	return s, err
}

// wipe overwrites the secret.
func (s *sharedSecret) wipe() {
	clear(s.hmac)
	clear(s.aes)
}

// encrypt takes whole blocks. Protocol 1 has no initialization vector, as it
// encrypts once with each secret.
func (s *sharedSecret) encrypt(plain []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.aes)
	if err != nil {
		return nil, err
	}
	iv := make([]byte, aes.BlockSize)
	var out []byte
	if s.protocol == 2 {
		rand.Read(iv) // never fails, see crypto/rand
		out = append(out, iv...)
	}
	text := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, plain)
	return append(out, text...), nil
}

func (s *sharedSecret) decrypt(text []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.aes)
	if err != nil {
		return nil, err
	}
	iv := make([]byte, aes.BlockSize)
	if s.protocol == 2 {
		if len(text) < aes.BlockSize {
			return nil, malformed("a secret that is too short")
		}
		copy(iv, text)
		text = text[aes.BlockSize:]
	}
	if len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, malformed("a secret that is not of whole blocks")
	}
	out := make([]byte, len(text))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, text)
	return out, nil
}

// authenticate proves to the token who wrote the parts.
func (s *sharedSecret) authenticate(parts ...[]byte) []byte {
	return authenticate(s.protocol, s.hmac, parts...)
}

// authenticate is authenticate() of both protocols.
func authenticate(protocol int, key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	sum := mac.Sum(nil)
	if protocol == 1 {
		return sum[:16]
	}
	return sum
}
