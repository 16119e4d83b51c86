package plugin

import (
	"context"
	"crypto"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// Generate has the plugin make a key, if the service has none of that name, and
// tests it. Which algorithms there are is for the plugin to say.
//
// The errors are those of Open; fault.OutputExists if there is such a key, and
// fault.KeyUnsupported if the service has no such algorithm.
func (d *Driver) Generate(ctx context.Context, ref keys.Ref, a keys.Algorithm) (*keys.Generated, error) {
	k, err := d.key(ref)
	if err != nil {
		return nil, err
	}
	word, err := k.algorithm(ctx, a)
	if err != nil {
		return nil, err
	}
	if err := k.absent(ctx); err != nil {
		return nil, err
	}
	public, err := k.create(ctx, word, a)
	if err != nil {
		return nil, err
	}
	s, err := newSigner(ctx, k, public)
	if err != nil {
		return nil, err
	}
	if err := s.selfTest(ctx); err != nil {
		return nil, err
	}
	text, err := keys.MarshalPublic(public)
	if err != nil {
		return nil, err
	}
	return &keys.Generated{Ref: ref, Public: s.Public(), PublicFile: text}, nil
}

// absent returns nil if the service says that it has no such key.
func (k *key) absent(ctx context.Context) error {
	_, err := k.public(ctx)
	switch {
	case err == nil:
		return fault.New(fault.OutputExists, "there is a key %q already", k.ref).
			WithHint("choose another name, or use the key that is there")
	case fault.ReasonOf(err) == fault.KeyNotFound:
		return nil
	}
	return err
}

// create asks for a new key.
func (k *key) create(ctx context.Context, word string, a keys.Algorithm) (crypto.PublicKey, error) {
	response, err := k.host.call(ctx, k.program, request{
		resource: k.resource, hash: uint(crypto.SHA256), method: protocol.CreateKey,
		fill: func(args *protocol.Args, rpc protocol.RPCOptions) {
			args.CreateKey = &protocol.CreateKeyArgs{CtxDeadline: rpc.CtxDeadline, Algorithm: word}
		},
	})
	if err != nil {
		return nil, k.named(err)
	}
	public, err := k.parse(response.CreateKey.PublicKeyPEM)
	if err != nil {
		return nil, err
	}
	if made, err := keys.AlgorithmOf(public); err != nil || made != a {
		return nil, fault.New(fault.PluginFailed, "plugin %q made a key %q of another algorithm than %s", k.program.permission.Name, k.ref, a)
	}
	return public, nil
}

// algorithm returns the service's word for an algorithm.
func (k *key) algorithm(ctx context.Context, a keys.Algorithm) (string, error) {
	response, err := k.host.call(ctx, k.program, request{
		resource: k.resource, hash: uint(crypto.SHA256), method: protocol.SupportedAlgorithms,
		fill: func(args *protocol.Args, _ protocol.RPCOptions) { args.SupportedAlgorithms = &protocol.Empty{} },
	})
	if err != nil {
		return "", k.named(err)
	}
	supported := response.SupportedAlgorithms.SupportedAlgorithms
	for _, word := range words(a) {
		if slices.Contains(supported, word) {
			return word, nil
		}
	}
	return "", fault.New(fault.KeyUnsupported, "plugin %q makes no %s keys", k.program.permission.Name, a).
		WithHint("it makes: %s", escape(clip(strings.Join(supported, ", "))))
}

// words lists what services call an algorithm: stella and Vault, AWS, Google, Azure.
func words(a keys.Algorithm) []string {
	return append([]string{string(a)}, map[keys.Algorithm][]string{
		keys.ECDSAP256: {"ECC_NIST_P256", "ecdsa-p256-sha256", "ES256"},
		keys.ECDSAP384: {"ECC_NIST_P384", "ecdsa-p384-sha384", "ES384"},
		keys.RSA3072:   {"RSA_3072", "rsa-pkcs1v15-3072-sha256"},
		keys.RSA4096:   {"RSA_4096", "rsa-pkcs1v15-4096-sha256"},
	}[a]...)
}
