package keys

import (
	"encoding/json/jsontext"
	"encoding/json/v2"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/stellaops/stella/internal/fault"
)

// cosignEnvelope is the JSON inside cosign's PEM block. It is read here only to
// tell a malformed file from a wrong passphrase, which the library's errors do
// not; the library bounds the cost of scrypt itself.
type cosignEnvelope struct {
	KDF struct {
		Name   string         `json:"name"`
		Params jsontext.Value `json:"params"`
		Salt   []byte         `json:"salt"`
	} `json:"kdf"`
	Cipher struct {
		Name  string `json:"name"`
		Nonce []byte `json:"nonce"`
	} `json:"cipher"`
	Ciphertext []byte `json:"ciphertext"`
}

// cosignNonceSize is the nonce of NaCl secretbox, in bytes.
const cosignNonceSize = 24

// decryptCosign opens a private key in cosign's format: PKCS #8 inside.
func decryptCosign(b, passphrase []byte) (any, error) {
	if err := checkCosign(b); err != nil {
		return nil, err
	}
	der, err := encrypted.Decrypt(b, passphrase)
	if err != nil {
		return nil, wrongPassphrase()
	}
	defer clear(der)
	return parsePKCS8(der)
}

func checkCosign(b []byte) error {
	var e cosignEnvelope
	if err := json.Unmarshal(b, &e); err != nil || len(e.Cipher.Nonce) != cosignNonceSize || len(e.Ciphertext) == 0 {
		return malformed("cosign private key")
	}
	if e.KDF.Name != "scrypt" || e.Cipher.Name != "nacl/secretbox" {
		return fault.New(fault.KeyUnsupported, "the cosign key has an encryption that is not supported")
	}
	var params struct{ N, R, P int }
	if err := json.Unmarshal(e.KDF.Params, &params, json.MatchCaseInsensitiveNames(true)); err != nil {
		return malformed("cosign private key")
	}
	known := params.N == 1<<15 || params.N == 1<<16 || params.N == 1<<17
	if !known || params.R != 8 || params.P != 1 {
		return fault.New(fault.KeyUnsupported, "the cosign key has scrypt parameters that cosign does not write")
	}
	return nil
}

// encryptCosign is the reverse of decryptCosign, with cosign's own parameters.
func encryptCosign(der, passphrase []byte) ([]byte, error) {
	return encrypted.EncryptWithCustomKDFParameters(der, passphrase, encrypted.Standard)
}
