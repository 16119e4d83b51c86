package plugin

import (
	"context"
	"crypto"
	"fmt"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// Driver opens the keys of one plugin. It is safe for concurrent use.
type Driver struct {
	host *Host
	name string
}

var _ keys.Generator = (*Driver)(nil)

// Scheme returns the plugin's name.
func (d *Driver) Scheme() string { return d.name }

// Open asks the plugin for the public key that ref names and tests that it
// signs with that key. The signer holds on to this public key: a plugin that
// signs with another one later fails.
//
// The errors: fault.OfflineForbidden and fault.PluginForbidden before anything
// runs; fault.KeyNotFound, fault.ServiceUnavailable and fault.KeyUnsupported
// where the plugin says so; fault.KeySelfTest; else fault.PluginFailed.
func (d *Driver) Open(ctx context.Context, ref keys.Ref) (dsse.Signer, error) {
	k, err := d.key(ref)
	if err != nil {
		return nil, err
	}
	public, err := k.public(ctx)
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
	return s, nil
}

// key is one key behind a plugin.
type key struct {
	host     *Host
	program  *program
	ref      string // as the user wrote it
	resource string
}

// key returns the key that ref names, if its plugin may run.
func (d *Driver) key(ref keys.Ref) (*key, error) {
	resource, found := strings.CutPrefix(ref.Name(), "//")
	if !found || resource == "" {
		return nil, fault.New(fault.UsageInvalid, "key reference %q names no key", ref).
			WithHint("write %s://KEY, in the form that the service gives its keys", d.name)
	}
	if err := ref.CheckOptions(); err != nil {
		return nil, err
	}
	p, err := d.host.program(d.name, fmt.Sprintf("key %q", ref))
	if err != nil {
		return nil, err
	}
	return &key{host: d.host, program: p, ref: ref.String(), resource: resource}, nil
}

// program returns the program of a plugin if it may run.
func (h *Host) program(name, what string) (*program, error) {
	permission, err := h.permission(name, what)
	if err != nil {
		return nil, err
	}
	return h.find(permission)
}

// public asks the plugin for the public key.
func (k *key) public(ctx context.Context) (crypto.PublicKey, error) {
	response, err := k.host.call(ctx, k.program, request{
		resource: k.resource, hash: uint(crypto.SHA256), method: protocol.PublicKey,
		fill: func(a *protocol.Args, rpc protocol.RPCOptions) {
			a.PublicKey = &protocol.PublicKeyArgs{}
			a.PublicKey.PublicKeyOptions.RPCOptions = rpc
		},
	})
	if err != nil {
		return nil, k.named(err)
	}
	return k.parse(response.PublicKey.PublicKeyPEM)
}

// parse returns the one bare public key in an answer.
func (k *key) parse(text []byte) (crypto.PublicKey, error) {
	list, err := keys.ParsePublic(text)
	switch {
	case fault.ReasonOf(err) == fault.KeyUnsupported:
		return nil, k.named(err)
	case err != nil, len(list) != 1, list[0].Certificate != nil:
		return nil, fault.New(fault.PluginFailed, "plugin %q gave no public key for %q", k.program.permission.Name, k.ref)
	}
	return list[0].Key, nil
}

// named adds the key reference to an error.
func (k *key) named(err error) error {
	if reason := fault.ReasonOf(err); reason != fault.Internal {
		return fault.Wrap(reason, err, "key %q", k.ref).With("key", k.ref)
	}
	return err
}
