package keys

import (
	"context"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// OpenPrivate returns the signer of a private key in text, as ParsePrivate reads
// it, after SelfTest. It calls ask only if the key is encrypted, with what as
// the key's name. The errors are those of both.
func OpenPrivate(ctx context.Context, text []byte, what string, ask Passphrases) (dsse.Signer, error) {
	key, _, err := ParsePrivate(text, func() ([]byte, error) { return ask(ctx, Prompt{Key: what}) })
	if err != nil {
		return nil, err
	}
	signer, err := dsse.NewSigner(key)
	if err != nil {
		return nil, fault.Wrap(fault.KeyUnsupported, err, "")
	}
	if err := SelfTest(ctx, signer); err != nil {
		return nil, err
	}
	return signer, nil
}
