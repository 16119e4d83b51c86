package tpm

import (
	"slices"

	"github.com/google/go-tpm/tpm2"
)

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

// KeepLastPolicyCommand returns a key file with the rest of its policy gone.
func KeepLastPolicyCommand(content []byte) ([]byte, error) {
	k, err := parseKeyFile(content)
	if err != nil {
		return nil, err
	}
	k.policy = k.policy[len(k.policy)-1:]
	return k.marshal()
}

// Statement puts an attestation together from what tpm2-tools write.
func Statement(public, signer, certify, signature []byte) []byte {
	return slices.Concat(public, signer, tpm2.Marshal(tpm2.TPM2BData{Buffer: certify}), signature)
}

// ParseKeyFile parses a key file, and writes it again if it is of the kind that
// stella writes.
func ParseKeyFile(content []byte) (again []byte, err error) {
	k, err := parseKeyFile(content)
	if err != nil || k.kind != loadableKey {
		return nil, err
	}
	return k.marshal()
}
