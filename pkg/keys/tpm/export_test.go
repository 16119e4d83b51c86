package tpm

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
