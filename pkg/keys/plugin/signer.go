package plugin

import (
	"context"
	"crypto"
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// signer signs with a key behind a plugin.
type signer struct {
	key    *key
	pub    crypto.PublicKey
	id     string
	scheme dsse.Scheme
}

var _ dsse.Signer = (*signer)(nil)

// newSigner returns a signer that is bound to one public key. A key of an
// algorithm that a plugin verifies keeps ctx's values, not its end.
func newSigner(ctx context.Context, k *key, public crypto.PublicKey) (*signer, error) {
	bound := k.host.Resolve(context.WithoutCancel(ctx), public)
	scheme, err := dsse.SchemeOf(bound)
	if err != nil {
		return nil, k.named(fault.Wrap(fault.KeyUnsupported, err, ""))
	}
	id, err := dsse.KeyID(bound)
	if err != nil {
		return nil, k.named(fault.Wrap(fault.KeyUnsupported, err, ""))
	}
	return &signer{key: k, pub: bound, id: id, scheme: scheme}, nil
}

func (s *signer) Public() crypto.PublicKey { return s.pub }

// Sign has the plugin sign m and verifies what it gives.
func (s *signer) Sign(ctx context.Context, m dsse.Message) (dsse.Signature, error) {
	sig, err := s.sign(ctx, m)
	if err != nil {
		return dsse.Signature{}, err
	}
	if err := s.verify(ctx, m, sig); err != nil {
		return dsse.Signature{}, err
	}
	return sig, nil
}

// sign returns what the plugin gives as a signature.
func (s *signer) sign(ctx context.Context, m dsse.Message) (dsse.Signature, error) {
	hash := uint(s.scheme.Hash)
	response, err := s.key.host.call(ctx, s.key.program, request{
		resource: s.key.resource, hash: hash, method: protocol.SignMessage,
		fill: func(a *protocol.Args, rpc protocol.RPCOptions) {
			a.SignMessage = &protocol.SignMessageArgs{SignOptions: protocol.Options{
				RPCOptions: rpc, MessageOptions: protocol.MessageOptions{HashFunc: &hash},
			}}
		},
		message: func(w io.Writer) error { return dsse.WriteInput(w, m) },
	})
	if err != nil {
		return dsse.Signature{}, s.key.named(err)
	}
	return dsse.Signature{KeyID: s.id, Sig: response.SignMessage.Signature}, nil
}

func (s *signer) verify(ctx context.Context, m dsse.Message, sig dsse.Signature) error {
	verifier, err := dsse.NewVerifier(s.key.host.Resolve(ctx, s.pub))
	if err != nil {
		return err
	}
	err = verifier.Verify(m, sig)
	if fault.ReasonOf(err) != fault.SignatureMismatch {
		return err
	}
	return fault.New(fault.PluginFailed, "plugin %q gave a signature of key %q that does not verify with the key's public half",
		s.key.program.permission.Name, s.key.ref).
		WithHint("the key may have been rotated in the service, or signs in a scheme other than %s; open it again, and compare its public key with the one you trust", schemeText(s.scheme))
}

// schemeText names what stella expects of a key.
func schemeText(s dsse.Scheme) string {
	switch {
	case s.Hash == 0:
		return s.Name
	case len(s.Name) > 3 && s.Name[:3] == "rsa":
		return s.Name + " with PKCS #1 v1.5 and " + s.Hash.String()
	}
	return s.Name + " with " + s.Hash.String()
}

// selfTest is keys.SelfTest over what the plugin gives as it is, so that its
// verdict is the test's.
func (s *signer) selfTest(ctx context.Context) error {
	err := keys.SelfTest(ctx, unverified{s})
	if fault.ReasonOf(err) != fault.KeySelfTest {
		return err
	}
	return fault.Wrap(fault.KeySelfTest, err, "key %q", s.key.ref).With("key", s.key.ref).
		WithHint("the service signs in a scheme other than %s, or the plugin does not work", schemeText(s.scheme))
}

// unverified is a signer whose signatures nobody has verified yet.
type unverified struct{ *signer }

func (u unverified) Sign(ctx context.Context, m dsse.Message) (dsse.Signature, error) {
	return u.sign(ctx, m)
}
