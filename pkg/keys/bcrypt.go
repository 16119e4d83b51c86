package keys

import (
	"crypto/sha512"
	"encoding/binary"

	"golang.org/x/crypto/blowfish" //nolint:staticcheck // SA1019: bcrypt_pbkdf is made of it, and OpenSSH encrypts its key files with that alone
)

// bcryptPBKDF derives a key of size bytes as OpenSSH does for its key files
// (OpenBSD, bcrypt_pbkdf(3)). golang.org/x/crypto has it for itself alone, and
// reads no key files of FIDO2 tokens.
func bcryptPBKDF(passphrase, salt []byte, rounds, size int) []byte {
	const block = 32
	blocks := (size + block - 1) / block
	out := make([]byte, blocks*block)
	hashed := sha512.Sum512(passphrase)
	defer clear(hashed[:])
	for n := 1; n <= blocks; n++ {
		seed := binary.BigEndian.AppendUint32(append([]byte(nil), salt...), uint32(n))
		sum := sha512.Sum512(seed)
		step := bcryptHash(hashed[:], sum[:])
		result := step
		for range rounds - 1 {
			sum = sha512.Sum512(step[:])
			step = bcryptHash(hashed[:], sum[:])
			for i := range result {
				result[i] ^= step[i]
			}
		}
		for i, b := range result { // spread, so that no part of the key comes from one block
			out[i*blocks+n-1] = b
		}
	}
	return out[:size]
}

// bcryptHash is bcrypt with 64 rounds of its expensive key schedule and another
// magic text.
func bcryptHash(passphrase, salt []byte) (out [32]byte) {
	c, err := blowfish.NewSaltedCipher(passphrase, salt)
	if err != nil {
		panic(err) // a digest has the length of a key
	}
	for range 64 {
		blowfish.ExpandKey(salt, c)
		blowfish.ExpandKey(passphrase, c)
	}
	copy(out[:], "OxychromaticBlowfishSwatDynamite")
	for i := 0; i < len(out); i += blowfish.BlockSize {
		for range 64 {
			c.Encrypt(out[i:i+8], out[i:i+8])
		}
	}
	for word := out[:]; len(word) > 0; word = word[4:] { // little-endian on the outside
		binary.LittleEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	return out
}
