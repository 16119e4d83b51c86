package tpm

import (
	"cmp"
	"context"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Scheme is the scheme of TPM keys.
const Scheme = "tpm"

// Driver opens, makes, lists and attests keys of a TPM 2.0. It is safe for
// concurrent use if its sources of PINs are.
type Driver struct {
	ask     keys.Passphrases
	env     *keys.Environment
	path    string
	devices *devices
}

var _ keys.Driver = (*Driver)(nil)

// New returns a Driver. path is the TPM's character device or socket for
// references that do not name one; empty is the device that Linux gives. The
// driver asks for a PIN where the reference says, in env for a variable, and
// else calls ask.
func New(ask keys.Passphrases, env *keys.Environment, path string) *Driver {
	return &Driver{ask: ask, env: env, path: path, devices: &devices{open: make(map[string]*device)}}
}

// Scheme returns Scheme.
func (d *Driver) Scheme() string { return Scheme }

// Open loads the key that ref names into the TPM, asks for its PIN if it has
// one, and tests it. The signer is an io.Closer, which makes the TPM forget the
// key, and a keys.Noter. It is safe for concurrent use; signatures wait for
// each other.
//
// The errors: fault.DeviceNotFound, DeviceBusy, DeviceFailed and DevicePolicy;
// fault.PINWrong, after which nothing tries again, PINLocked and PINInvalid,
// and those of the source of the PIN; fault.InputNotFound, KeyMalformed and
// KeyUnsupported of the key file, and KeySelfTest if it does not fit this TPM;
// fault.KeyNotFound for a handle without a key.
func (d *Driver) Open(ctx context.Context, ref keys.Ref) (dsse.Signer, error) {
	if err := checkOptions(ref); err != nil {
		return nil, err
	}
	return d.open(ctx, ref)
}

// open is Open for a reference whose options are checked.
func (d *Driver) open(ctx context.Context, ref keys.Ref) (*signer, error) {
	at, err := parsePlace(ref)
	if err != nil {
		return nil, err
	}
	ask, err := d.source(ref)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	load, err := loader(at, ref)
	if err != nil {
		return nil, err
	}
	s, err := d.begin(ctx, ref, load, ask)
	if err != nil {
		return nil, withPath(at, err)
	}
	return s, nil
}

// loader reads a key file, before the TPM is asked anything, and returns the
// function that brings the key into use.
func loader(at place, ref keys.Ref) (func(*conn) (*key, error), error) {
	if at.path == "" {
		return func(c *conn) (*key, error) { return findPersistent(c, at.handle, !withoutPIN(ref)) }, nil
	}
	f, err := readKeyFile(at.path)
	if err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, withPath(at, err)
	}
	if withoutPIN(ref) {
		f.emptyAuth = true
	}
	return func(c *conn) (*key, error) { return loadFile(c, f) }, nil
}

// check refuses key files that cannot sign here.
func (k *keyFile) check() error {
	switch {
	case k.kind == importableKey || len(k.secret) > 0:
		return fault.New(fault.KeyUnsupported, "the TPM key file holds a key that is still to be imported").
			WithHint("import it with the tool that made it, then use the file that this gives")
	case k.kind == sealedKey:
		return fault.New(fault.KeyUnsupported, "the TPM key file holds sealed data and not a key")
	case k.rsaParent:
		return fault.New(fault.KeyUnsupported, "the TPM key's parent is an RSA primary key, which stella does not make").
			WithHint("make the parent persistent and the key anew below it: ?parent=0x81000001")
	}
	return checkSigning(&k.public)
}

// begin loads a key, asks for its PIN while others may use the TPM, begins its
// session and tests it.
func (d *Driver) begin(ctx context.Context, ref keys.Ref, load func(*conn) (*key, error), ask keys.Passphrases) (*signer, error) {
	path, err := d.devicePath(ref)
	if err != nil {
		return nil, err
	}
	dev := d.devices.get(path)
	s, err := newSigner(ctx, dev, load)
	if err != nil {
		dev.put()
		return nil, err
	}
	if err := s.begin(ctx, ref, ask); err != nil {
		_ = s.Close() // the error before is the one to tell
		return nil, err
	}
	return s, nil
}

// devicePath returns the TPM that ref, else the configuration, else the system
// names.
func (d *Driver) devicePath(ref keys.Ref) (string, error) {
	named, _ := ref.Option(optionDevice)
	if path := cmp.Or(named, d.path); path != "" {
		return path, nil
	}
	return findDevice()
}

// withPath adds the key file to a fault about its content. Others name the
// device or the reference already.
func withPath(at place, err error) error {
	switch reason := fault.ReasonOf(err); reason {
	case fault.KeyMalformed, fault.KeyUnsupported, fault.KeySelfTest, fault.DevicePolicy, fault.PINWrong:
		if at.path != "" {
			return fault.Wrap(reason, err, "%q", at.path).With("path", at.path)
		}
	}
	return err
}
