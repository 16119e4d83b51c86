package cli

import (
	"context"
	"crypto"
	"errors"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/file"
)

// The formats of a new private key.
const (
	keyFormatPKCS8  = "pkcs8"
	keyFormatCosign = "cosign"
)

// newKeyFlags say what a new key is like.
type newKeyFlags struct {
	algorithm    *choice
	format       *choice
	public       string
	noPassphrase bool
	force        bool // set by commands that have the flag
	fs           *pflag.FlagSet
}

// AddFlags registers the flags.
func (f *newKeyFlags) AddFlags(fs *pflag.FlagSet) {
	f.algorithm = newChoice(string(keys.Algorithms()[0]), words(keys.Algorithms())...)
	f.format = newChoice(keyFormatPKCS8, keyFormatPKCS8, keyFormatCosign)
	fs.Var(f.algorithm, "algorithm", "one of `ALGORITHM`: "+strings.Join(f.algorithm.allowed, ", "))
	fs.Var(f.format, "key-format", "format of a private key in a file: `pkcs8|cosign`")
	fs.StringVar(&f.public, "public", "", "write the public key to `FILE` instead of KEY.pub")
	fs.BoolVar(&f.noPassphrase, "no-passphrase", false, "leave a private key in a file unencrypted: whoever has the file can sign")
	f.fs = fs
}

// madeKey is a new key.
type madeKey struct {
	ref        keys.Ref // the same in every working directory
	public     crypto.PublicKey
	publicFile string // empty if it was not written
	publicText []byte
	generated  *keys.Generated // nil for a key that a driver did not make
	format     keys.Format     // empty for a key that is in no file of ours
	encrypted  bool
	signer     dsse.Signer // nil if the key has to be opened
}

// describe returns the public half and how the key signs.
func (m *madeKey) describe() keys.TrustedKey {
	if m.generated != nil {
		return m.generated.Describe()
	}
	return keys.Describe(m.signer)
}

// check refuses what would fail after the key was made.
func (f *newKeyFlags) check(ref keys.Ref) error {
	existing := atomicfile.Options{Force: f.force}
	if ref.Scheme() != keys.FileScheme {
		return f.checkDevice(ref, existing)
	}
	switch {
	case ref.Name() == "-":
		return fault.New(fault.UsageInvalid, "a key pair is two files and cannot go to standard output").
			WithHint("name the private key's file: -o release.key")
	case f.noPassphrase && f.format.value == keyFormatCosign:
		return fault.New(fault.UsageInvalid, "a key in the format of cosign is always encrypted").
			WithHint("leave out --no-passphrase, or say --key-format pkcs8")
	case f.public == "-":
		return fault.New(fault.UsageInvalid, "the public key of a key in a file goes to a file").WithHint("leave out --public")
	}
	if err := atomicfile.Check(ref.Name(), existing); err != nil {
		return err
	}
	return atomicfile.Check(f.publicPath(ref), existing)
}

// checkDevice refuses flags that only a key in a file has.
func (f *newKeyFlags) checkDevice(ref keys.Ref, existing atomicfile.Options) error {
	for _, flag := range []string{"key-format", "no-passphrase"} {
		if f.fs.Changed(flag) {
			return fault.New(fault.UsageInvalid, "--%s is for keys in files, and %q is none", flag, ref).
				WithHint("leave it out")
		}
	}
	if f.public == "" || f.public == "-" {
		return nil
	}
	return atomicfile.Check(f.public, existing)
}

func (f *newKeyFlags) publicPath(ref keys.Ref) string {
	if f.public != "" {
		return f.public
	}
	return ref.Name() + ".pub"
}

// make makes the key that ref names, with secrets from where the reference says,
// else of ask.
func (f *newKeyFlags) make(ctx context.Context, s *session, ref keys.Ref, drivers keys.Drivers, ask keys.Passphrases) (*madeKey, error) {
	if err := s.config.Profile.Generate(keys.Algorithm(f.algorithm.value)); err != nil {
		return nil, err
	}
	if ref.Scheme() == keys.FileScheme {
		return f.makeFile(ctx, s, ref, ask)
	}
	return f.makeDevice(ctx, s, ref, drivers)
}

func (f *newKeyFlags) makeFile(ctx context.Context, s *session, ref keys.Ref, ask keys.Passphrases) (*madeKey, error) {
	create := file.CreateOptions{
		Format: f.fileFormat(), UnencryptedUnsafe: f.noPassphrase, Force: f.force, Public: f.publicPath(ref),
	}
	if !f.noPassphrase {
		var err error
		if create.Passphrase, err = newPassphrase(ctx, s, ref, ask); err != nil {
			return nil, hintNoPassphrase(err)
		}
		defer clear(create.Passphrase)
	}
	key, err := keys.Generate(keys.Algorithm(f.algorithm.value))
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err // RSA takes its time
	}
	if err := file.Create(ctx, ref.Name(), key, create); err != nil {
		return nil, err
	}
	made := &madeKey{public: key.Public(), publicFile: create.Public, format: create.Format, encrypted: !f.noPassphrase}
	if made.signer, err = dsse.NewSigner(key); err != nil {
		return nil, err
	}
	made.ref, err = anywhere(ref)
	return made, err
}

// newPassphrase asks for the passphrase of a new key file.
func newPassphrase(ctx context.Context, s *session, ref keys.Ref, ask keys.Passphrases) ([]byte, error) {
	return sourceIn(s, ref, ask)(ctx, keys.Prompt{Key: ref.Name(), New: true})
}

// hintNoPassphrase adds the choice that only a new key has.
func hintNoPassphrase(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Reason == fault.PassphraseRequired && f.Hint != "" &&
		!strings.Contains(f.Hint, "--no-passphrase") {
		return f.WithHint("%s, or say --no-passphrase for an unencrypted key", f.Hint)
	}
	return err
}

func (f *newKeyFlags) fileFormat() keys.Format {
	switch {
	case f.format.value == keyFormatCosign:
		return keys.FormatCosign
	case f.noPassphrase:
		return keys.FormatPKCS8
	}
	return keys.FormatPKCS8Encrypted
}

// makeDevice makes a key in the place that holds it.
func (f *newKeyFlags) makeDevice(ctx context.Context, s *session, ref keys.Ref, drivers keys.Drivers) (*madeKey, error) {
	driver, err := drivers.Driver(ref.Scheme())
	if err != nil {
		return nil, err
	}
	generator, ok := driver.(keys.Generator)
	if !ok {
		return nil, fault.New(fault.UsageInvalid, "stella makes no keys of scheme %q", ref.Scheme()).
			WithHint("make the key with the tool of the place that holds it, then: stella keys import %s --name NAME", ref)
	}
	generated, err := generator.Generate(ctx, ref, keys.Algorithm(f.algorithm.value))
	if err != nil {
		return nil, err
	}
	s.showNotes(generated.Notes)
	made := &madeKey{public: generated.Public, publicText: generated.PublicFile, encrypted: true}
	made.generated = generated
	if made.ref, err = anywhere(generated.Ref); err != nil {
		return nil, err
	}
	if err := f.writePublic(ctx, made); err != nil {
		return nil, fault.Wrap(fault.ReasonOf(err), err, "the key is made, its public half was not written").
			WithHint("write it with: stella keys export --public '%s' -o FILE", made.ref)
	}
	return made, nil
}

// writePublic writes the public half where the flag says, else beside a private
// half that is a file. Otherwise the caller shows it.
func (f *newKeyFlags) writePublic(ctx context.Context, made *madeKey) error {
	path := f.public
	switch {
	case path == "-", path == "" && !isFile(made.ref.Name()):
		return nil
	case path == "" && strings.HasPrefix(string(made.publicText), "-----BEGIN "):
		path = made.ref.Name() + ".pub"
	case path == "":
		path = made.ref.Name() + ".keys.json"
	}
	made.publicFile = path
	return atomicfile.WriteFile(ctx, path, made.publicText, atomicfile.Options{Force: f.force})
}

// isFile reports whether a name is that of a file.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
