package cloud

import (
	"context"
	"crypto"
	"errors"
	"io"
	"net"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// classified is a key whose errors say what kind they are, in the convention of
// package protocol: the protocol itself carries their text alone.
type classified struct {
	kms.SignerVerifier
	classify func(error) error
}

func (c *classified) PublicKey(o ...signature.PublicKeyOption) (crypto.PublicKey, error) {
	key, err := c.SignerVerifier.PublicKey(o...)
	return key, c.classify(err)
}

func (c *classified) CreateKey(ctx context.Context, algorithm string) (crypto.PublicKey, error) {
	key, err := c.SignerVerifier.CreateKey(ctx, algorithm)
	return key, c.classify(err)
}

func (c *classified) SignMessage(message io.Reader, o ...signature.SignOption) ([]byte, error) {
	sig, err := c.SignerVerifier.SignMessage(message, o...)
	return sig, c.classify(err)
}

func (c *classified) VerifySignature(sig, message io.Reader, o ...signature.VerifyOption) error {
	return c.classify(c.SignerVerifier.VerifySignature(sig, message, o...))
}

func (p Provider) classify(err error) error {
	switch {
	case err == nil:
		return nil
	case p.NotFound(err):
		return errors.New(protocol.Failure(fault.KeyNotFound, err.Error()))
	case unreachable(err):
		return errors.New(protocol.Failure(fault.ServiceUnavailable, err.Error()))
	}
	return err
}

// unreachable reports whether err says that the service could not be reached or
// did not answer. A certificate that does not fit is something else.
func unreachable(err error) bool {
	var network net.Error
	var dial *net.OpError
	var name *net.DNSError
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &dial) || errors.As(err, &name) ||
		errors.As(err, &network) && network.Timeout()
}
