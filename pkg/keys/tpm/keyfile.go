package tpm

import (
	"bytes"
	"encoding/pem"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// maxKeyFileSize bounds a key file, in bytes. An RSA key with a PCR policy has
// 2 KB.
const maxKeyFileSize = 64 << 10

// pemType is the PEM type of TPM key files.
const pemType = "TSS2 PRIVATE KEY"

// keyFile is the content of a TPM key file (draft-bottomley-tpm2-keys, section
// 3.1): a key that its parent in the TPM has encrypted, and what is needed to
// load it.
type keyFile struct {
	// kind is what the file holds.
	kind keyKind
	// emptyAuth says that the key has no auth value, so no PIN.
	emptyAuth bool
	// policy is what has to be run before the key is used, in order.
	policy []policyCommand
	// alternatives says that the file has policies to choose from ("authPolicy").
	alternatives bool
	// importable keys come with the secret that their parent unwraps.
	secret      []byte
	description string
	// rsaParent says that the primary key of a hierarchy is the RSA one.
	rsaParent bool
	// parent is the handle of a persistent key or of a hierarchy.
	parent  tpm2.TPMHandle
	public  tpm2.TPMTPublic
	private tpm2.TPM2BPrivate
}

// policyCommand is one command of a policy: its code and its marshalled
// parameters without the session's handle.
type policyCommand struct {
	code       tpm2.TPMCC
	parameters []byte
}

// readKeyFile reads and parses the key file at path.
func readKeyFile(path string) (*keyFile, error) {
	f, err := input.Open(path, nil, maxKeyFileSize)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	content, err := f.ReadAll()
	if err != nil {
		return nil, err
	}
	key, err := parseKeyFile(content)
	if err != nil {
		return nil, fault.Wrap(fault.ReasonOf(err), err, "%q", path).With("path", path)
	}
	return key, nil
}

// parseKeyFile parses a file that holds one TPM key in PEM, and nothing else.
func parseKeyFile(content []byte) (*keyFile, error) {
	block, rest := pem.Decode(content)
	switch {
	case block == nil:
		return nil, fault.New(fault.KeyMalformed, "not a TPM key file: no PEM block %q", pemType).
			WithHint("make a key with \"stella keys generate\", or name the file of one")
	case block.Type != pemType:
		return nil, fault.New(fault.KeyUnsupported, "not a TPM key file: its PEM block is %q and not %q", block.Type, pemType).
			WithHint("name the file without \"tpm:\" if it holds an ordinary key")
	case len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 || !bytes.HasPrefix(bytes.TrimSpace(content), []byte("-----BEGIN ")):
		return nil, malformed("it has more than the one PEM block")
	}
	return parseDER(block.Bytes)
}

// marshal returns the file in PEM.
func (k *keyFile) marshal() ([]byte, error) {
	der, err := k.marshalDER()
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}

func malformed(format string, args ...any) error {
	return fault.New(fault.KeyMalformed, "malformed TPM key file: "+format, args...).
		WithHint("restore the file from a backup; the TPM itself does not keep the key")
}
