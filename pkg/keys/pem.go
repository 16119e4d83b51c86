package keys

import (
	"bytes"
	"encoding/pem"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
)

// maxPEMBlocks bounds the blocks of one file.
const maxPEMBlocks = MaxTrustedKeys

// checkText refuses what can be no key file at all, each with its name.
func checkText(b []byte, limit int) error {
	switch {
	case len(bytes.TrimSpace(b)) == 0:
		return fault.New(fault.InputEmpty, "the key file is empty")
	case len(b) > limit:
		return fault.New(fault.InputTooLarge, "the key file is larger than the limit of %d bytes", limit)
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		return fault.New(fault.InputEncoding, "the key file is UTF-16 text").
			WithHint("save it as UTF-8; PowerShell's > writes UTF-16")
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return fault.New(fault.InputEncoding, "the key file begins with a byte order mark").WithHint("save it as UTF-8 without one")
	case bytes.HasPrefix(b, []byte("\x1f\x8b")):
		return fault.New(fault.InputEncoding, "the key file is compressed").WithHint("decompress it first")
	}
	return nil
}

// pemBlocks returns all PEM blocks of a file. Text between them is allowed, as
// openssl writes it; a block that does not parse is an error, where
// pem.Decode alone would skip it and a key would silently be missing.
func pemBlocks(b []byte) ([]*pem.Block, error) {
	begins := bytes.Count(b, []byte("-----BEGIN "))
	if begins > maxPEMBlocks {
		return nil, fault.New(fault.InputTooLarge, "the key file has more than %d PEM blocks", maxPEMBlocks)
	}
	if begins > 0 && !utf8.Valid(b) {
		return nil, fault.New(fault.InputEncoding, "the key file is not UTF-8 text")
	}
	var out []*pem.Block
	for rest := b; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		out = append(out, block)
	}
	if len(out) != begins {
		return nil, fault.New(fault.KeyMalformed, "malformed PEM: %d of %d blocks can be read", len(out), begins).
			WithHint("check that the file is complete, from -----BEGIN to -----END")
	}
	return out, nil
}
