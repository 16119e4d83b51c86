package fido2

import (
	"context"
	"crypto"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Scheme is the scheme of references to keys of this driver.
const Scheme = "fido2"

// Config is what a Driver needs. All of it may be zero but Ask and Env.
type Config struct {
	// Ask gives PINs, and passphrases of key files of OpenSSH.
	Ask keys.Passphrases
	// Env gives those that a reference takes from a variable.
	Env *keys.Environment
	// Say tells the user what to do now, such as to touch the token: the driver
	// waits for it.
	Say func(message string)
	// Device is the device file of the token for references that name none;
	// empty for the one that is plugged in.
	Device string
	// Backend reaches the tokens; nil is USB{}.
	Backend Backend
}

// Driver opens, makes and lists keys that need a FIDO2 token. It is safe for
// concurrent use if Ask and Say are.
type Driver struct{ config Config }

var _ keys.Driver = (*Driver)(nil)

// New returns a Driver. It opens nothing.
func New(c Config) *Driver {
	if c.Backend == nil {
		c.Backend = USB{}
	}
	if c.Say == nil {
		c.Say = func(string) {}
	}
	return &Driver{c}
}

// Scheme returns Scheme.
func (d *Driver) Scheme() string { return Scheme }

// Options of a reference, beside those that say where a secret is.
const (
	optionDevice = "device" // the token's device file
	optionMode   = "mode"   // when generating
	optionRP     = "rp"     // when generating
	optionUV     = "uv"     // when generating
)

func commonOptions(more ...string) []string {
	return append([]string{
		optionDevice, keys.OptionPINFile, keys.OptionPINEnv, keys.OptionPassphraseFile, keys.OptionPassphraseEnv,
	}, more...)
}

// Open opens the key that ref names. In mode fido2 the token unlocks it here,
// which takes a touch; in the other modes Open needs no token, and the signer
// verifies each signature of the token before it returns it.
//
// The errors: fault.InputNotFound and the other faults of reading a file,
// fault.KeyMalformed, fault.DeviceNotFound, fault.DeviceAmbiguous,
// fault.DeviceFailed, fault.DeviceBusy, fault.DeviceUntouched, fault.KeyNotFound
// if the token does not know the key, fault.PINRequired, fault.PINWrong,
// fault.PINLocked, fault.PINReplug, fault.PINNotSet, fault.PINInvalid, and those of
// the sources of secrets.
func (d *Driver) Open(ctx context.Context, ref keys.Ref) (dsse.Signer, error) {
	if err := ref.CheckOptions(commonOptions()...); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := d.load(ctx, ref)
	if err != nil {
		return nil, err
	}
	s, err := d.session(ref, c)
	if err != nil {
		return nil, err
	}
	if c.mode == ModeWrapped {
		defer s.close()
		return s.unlock(ctx)
	}
	return newTokenSigner(s)
}

// credential is what a file says of a key, whatever its mode.
type credential struct {
	mode   Mode
	path   string
	rpID   string
	id     []byte
	verify bool // the token has to verify its user
	public crypto.PublicKey
	file   *KeyFile // nil in mode sshsig
}

// trust is what a verifier demands of the key's assertions.
func (c *credential) trust() keys.FIDO2 {
	flags := []string{keys.FlagUP}
	if c.verify {
		flags = append(flags, keys.FlagUV)
	}
	return keys.FIDO2{RPID: c.rpID, Flags: flags}
}

// load reads the file that ref names.
func (d *Driver) load(ctx context.Context, ref keys.Ref) (*credential, error) {
	path := ref.Name()
	if path == "" || path == "-" {
		return nil, fault.New(fault.UsageInvalid, "key reference %q names no key file", ref).
			WithHint("write fido2:PATH; make a key with: stella keys generate -o fido2:PATH")
	}
	b, err := read(path, maxKeyFile)
	if err != nil {
		return nil, err
	}
	c, err := d.parse(ctx, ref, b)
	if err != nil {
		return nil, withPath(path, err)
	}
	c.path = path
	return c, nil
}

func (d *Driver) parse(ctx context.Context, ref keys.Ref, b []byte) (*credential, error) {
	if keys.IsOpenSSH(b) {
		return d.parseOpenSSH(ctx, ref, b)
	}
	f, err := ParseKeyFile(b)
	if err != nil {
		return nil, err
	}
	pub, err := f.public()
	return &credential{
		mode: f.Mode, rpID: f.RPID, id: f.CredentialID,
		verify: f.UserVerification == verificationRequired, public: pub, file: f,
	}, err
}

func (d *Driver) parseOpenSSH(ctx context.Context, ref keys.Ref, b []byte) (*credential, error) {
	ask, err := d.passphrases(ref)
	if err != nil {
		return nil, err
	}
	k, err := keys.ParseSecurityKey(b, func() ([]byte, error) { return ask(ctx, keys.Prompt{Key: ref.Name()}) })
	if err != nil {
		return nil, err
	}
	return &credential{mode: ModeSSHSig, rpID: k.Application, id: k.Credential, verify: k.VerifyUser, public: k.Public}, nil
}

func read(path string, limit int64) ([]byte, error) {
	f, err := input.Open(path, nil, limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return f.ReadAll()
}

// withPath adds the file to a fault about its content. Errors about a passphrase
// name the key or their own place already, as where its file is not there does.
func withPath(path string, err error) error {
	switch reason := fault.ReasonOf(err); reason {
	case fault.Internal, fault.PassphraseRequired, fault.PassphraseSource, fault.InputNotFound, fault.InputNotRegular:
		return err
	default:
		return fault.Wrap(reason, err, "%q", path).With("path", path)
	}
}
