package fido2

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// kekInfo names what the key derived from hmac-secret is for.
const kekInfo = "stella fido2-hmac-secret key wrap v1"

// aead is AES-256-GCM under the key encryption key: HKDF-SHA256 (RFC 5869) of the
// token's secret, with the file's salt and kekInfo.
func aead(secret, salt []byte) (cipher.AEAD, error) {
	kek, err := hkdf.Key(sha256.New, secret, salt, kekInfo, 32)
	if err != nil {
		return nil, err
	}
	defer clear(kek)
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// newWrapped returns fresh salt and nonce. A salt is used for one key file, so a
// key encryption key encrypts once.
func newWrapped() *Wrapped {
	w := &Wrapped{Salt: make([]byte, saltSize), Nonce: make([]byte, nonceSize)}
	rand.Read(w.Salt) // never fails, see crypto/rand
	rand.Read(w.Nonce)
	return w
}

// seal encrypts key into f, whose other members are set and authenticated.
func (f *KeyFile) seal(secret []byte, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fault.New(fault.KeyUnsupported, "a key of type %T cannot be wrapped", key)
	}
	defer clear(der)
	gcm, err := aead(secret, f.Wrapped.Salt)
	if err != nil {
		return err
	}
	header, err := f.header()
	if err != nil {
		return err
	}
	f.Wrapped.Ciphertext = gcm.Seal(nil, f.Wrapped.Nonce, der, header)
	return nil
}

// open decrypts the key. Its public half is compared with that of the file.
func (f *KeyFile) open(secret []byte) (crypto.Signer, error) {
	gcm, err := aead(secret, f.Wrapped.Salt)
	if err != nil {
		return nil, err
	}
	header, err := f.header()
	if err != nil {
		return nil, err
	}
	der, err := gcm.Open(nil, f.Wrapped.Nonce, f.Wrapped.Ciphertext, header)
	if err != nil {
		return nil, fault.New(fault.KeyMalformed, "the token does not open the key file: the file was altered, or the token was reset").
			WithHint("restore the file from a backup, or use the token that it was made with")
	}
	defer clear(der)
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, malformed("what is wrapped is not a private key")
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, malformed("what is wrapped is not a key to sign with")
	}
	return key, f.fits(key)
}

// fits compares the halves by their encoding, in which every kind of key has one.
func (f *KeyFile) fits(key crypto.Signer) error {
	pub, err := f.public()
	if err != nil {
		return err
	}
	want, err := dsse.MarshalPKIX(pub)
	if err != nil {
		return err
	}
	got, err := dsse.MarshalPKIX(key.Public())
	if err != nil || !slices.Equal(want, got) {
		return fault.New(fault.KeySelfTest, "the wrapped key and the public key of the file do not belong together").
			WithHint("restore the file from a backup")
	}
	return nil
}

// wipe overwrites a private key as far as its type gives access to it. What the
// standard library has copied for itself stays until memory is reused.
func wipe(key crypto.Signer) {
	switch k := key.(type) {
	case ed25519.PrivateKey:
		clear(k)
	case *ecdsa.PrivateKey:
		clear(k.D.Bits()) //nolint:staticcheck // SA1019: it is not made into another key, it is erased
	}
}

// publicCopy returns the public half in memory that wipe does not reach.
func publicCopy(key crypto.Signer) crypto.PublicKey {
	if k, ok := key.Public().(ed25519.PublicKey); ok {
		return slices.Clone(k)
	}
	return key.Public()
}
