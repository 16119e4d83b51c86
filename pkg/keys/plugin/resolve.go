package plugin

import (
	"context"
	"crypto"
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/gost"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// gostPlugin is the plugin that verifies signatures of GOST keys, wherever they
// were made.
const gostPlugin = "gost"

// Resolve returns pub with the means to verify its signatures: a GOST key
// verifies with the plugin for it as long as ctx lasts, or says why it cannot.
// Any other key is returned as it is. Nothing runs yet.
func (h *Host) Resolve(ctx context.Context, pub crypto.PublicKey) crypto.PublicKey {
	key, ok := pub.(*gost.PublicKey)
	if !ok {
		return pub
	}
	p, err := h.program(gostPlugin, "a GOST key")
	if err != nil {
		return key.Unverifiable(err)
	}
	return key.VerifiedBy(func(spki, message, sig []byte) error {
		return h.verify(ctx, p, spki, message, sig)
	})
}

// verify has the plugin verify a signature with a public key that stands in the
// request. What is not clearly a yes is an error.
func (h *Host) verify(ctx context.Context, p *program, spki, message, sig []byte) error {
	hash := uint(0)
	_, err := h.call(ctx, p, request{
		resource: protocol.PublicKeyResource(spki), method: protocol.VerifySignature,
		fill: func(a *protocol.Args, rpc protocol.RPCOptions) {
			a.VerifySignature = &protocol.VerifySignatureArgs{Signature: sig, VerifyOptions: protocol.Options{
				RPCOptions: rpc, MessageOptions: protocol.MessageOptions{HashFunc: &hash},
			}}
		},
		message: func(w io.Writer) error {
			_, err := w.Write(message)
			return err
		},
	})
	if err != nil && fault.ReasonOf(err) == fault.Internal {
		return fault.Wrap(fault.PluginFailed, err, "plugin %q did not verify", p.permission.Name)
	}
	return err
}
