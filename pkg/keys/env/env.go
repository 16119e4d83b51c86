// Package env is the driver of private keys in environment variables, for CI
// systems that keep their secrets there.
//
//	env://RELEASE_KEY
//	env://RELEASE_KEY?passphrase-env=RELEASE_PASSPHRASE
//
// The variable holds a private key in any format of package keys, as PEM. It is
// removed from the environment when it is read, so that no child process
// inherits it. On Linux the memory that the process was started with still shows
// it to the same user, in /proc/PID/environ: a key file or a token is better
// where there is one.
package env

import (
	"context"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Scheme is the scheme of the references.
const Scheme = "env"

// Driver opens keys in variables. It is safe for concurrent use if its sources
// of passphrases are.
type Driver struct {
	ask keys.Passphrases
	env *keys.Environment
}

var _ keys.Driver = (*Driver)(nil)

// New returns a Driver of the keys in env. It asks for the passphrase of an
// encrypted one where the reference says, and else calls ask.
func New(ask keys.Passphrases, env *keys.Environment) *Driver {
	return &Driver{ask: ask, env: env}
}

// Scheme returns "env".
func (d *Driver) Scheme() string { return Scheme }

// Open reads the private key that ref names and tests it. A variable that is not
// set is fault.InputNotFound; the other errors are those of keys.OpenPrivate and
// of the source of the passphrase.
func (d *Driver) Open(ctx context.Context, ref keys.Ref) (dsse.Signer, error) {
	name, found := strings.CutPrefix(ref.Name(), "//")
	if !found || name == "" || strings.ContainsAny(name, "=/") {
		return nil, fault.New(fault.UsageInvalid, "key reference %q names no environment variable", ref).
			WithHint("write env://VARIABLE")
	}
	if err := ref.CheckOptions(keys.OptionPassphraseFile, keys.OptionPassphraseEnv); err != nil {
		return nil, err
	}
	ask, err := d.env.For(ref, d.ask)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, err := d.env.Key(name)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	signer, err := keys.OpenPrivate(ctx, text, ref.String(), ask)
	if err != nil {
		return nil, named(name, err)
	}
	return signer, nil
}

// named adds the variable to a fault about its key. Errors about the passphrase
// name the key or their own place already, as where its file is not there does, and a
// context's error says itself.
func named(name string, err error) error {
	switch reason := fault.ReasonOf(err); reason {
	case fault.Internal, fault.PassphraseRequired, fault.PassphraseSource, fault.InputNotFound, fault.InputNotRegular:
		return err
	default:
		return fault.Wrap(reason, err, "environment variable %q", name).With("variable", name)
	}
}
