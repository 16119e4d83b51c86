package tpm

import "github.com/google/go-tpm/tpm2"

// Graft returns the key file of one key with the private part of another.
func Graft(content, other []byte) ([]byte, error) {
	k, err := parseKeyFile(content)
	if err != nil {
		return nil, err
	}
	donor, err := parseKeyFile(other)
	if err != nil {
		return nil, err
	}
	k.private = donor.private
	return k.marshal()
}

// Blobs returns TPM2B_PUBLIC and TPM2B_PRIVATE of a key file.
func Blobs(content []byte) (public, private []byte, err error) {
	k, err := parseKeyFile(content)
	if err != nil {
		return nil, nil, err
	}
	return tpm2.Marshal(tpm2.New2B(k.public)), tpm2.Marshal(k.private), nil
}
