package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2"
)

// The forms that a signing verb writes.
const (
	envelopeBundle = "bundle"
	envelopeDSSE   = "dsse"
)

// signFlags are the flags of every command that signs.
type signFlags struct {
	keys     []string
	envelope *choice
	output   outputFlags
	secrets  secretFlags
}

// AddFlags registers the flags.
func (f *signFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.keys, "key", nil, "sign with the key that `REF` names; repeat it for several signatures")
	f.envelope = newChoice("", envelopeBundle, envelopeDSSE)
	fs.Var(f.envelope, "envelope", "write a Sigstore bundle or a bare DSSE envelope: `bundle|dsse`; the default is bundle for one key, dsse for several and for a FIDO2 token's own signature")
	f.output.AddFlags(fs)
	f.secrets.AddFlags(fs)
}

// check refuses what no key can help, before any is opened. name is the
// document's.
func (f *signFlags) check(s *session, name string) error {
	if len(f.keys) == 0 {
		return fault.New(fault.UsageInvalid, "no key to sign with").
			WithHint("say which: --key KEY; make one with: stella keys generate -o KEY")
	}
	if len(f.keys) > 1 && f.form() == envelopeBundle {
		return fault.New(fault.BundleSignatures, "a bundle holds exactly one signature, and %d keys were given", len(f.keys)).
			WithHint("write a bare envelope: --envelope dsse")
	}
	if given := f.secrets.given(); len(f.keys) > 1 && len(given) > 0 {
		return fault.New(fault.PassphraseSource, "--%s cannot serve %d keys", given[0], len(f.keys)).
			WithHint("say it for each key: --key 'KEY?passphrase-file=FILE'")
	}
	return f.output.requireName(s, evidenceName(name, f.form()))
}

// form returns what is written.
func (f *signFlags) form() string {
	switch {
	case f.envelope.value != "":
		return f.envelope.value
	case len(f.keys) > 1:
		return envelopeDSSE
	}
	return envelopeBundle
}

// evidenceName is the name that a hint proposes for the evidence about a file.
func evidenceName(name, form string) string {
	if name == "-" {
		name = "evidence"
	}
	if form == envelopeDSSE {
		return filepath.Base(name) + ".dsse.json"
	}
	return filepath.Base(name) + ".sigstore.json"
}

// openSigners opens every key. A key that two references name is refused: it
// would sign twice and count once.
func (f *signFlags) openSigners(ctx context.Context, s *session) ([]dsse.Signer, error) {
	drivers, err := s.drivers(&f.secrets)
	if err != nil {
		return nil, err
	}
	signers := make([]dsse.Signer, 0, len(f.keys))
	seen := make(map[string]string)
	for _, text := range f.keys {
		ref, err := keys.ParseRef(text)
		if err != nil {
			return nil, err
		}
		signer, err := drivers.Open(ctx, ref)
		if err != nil {
			return nil, err
		}
		id, err := dsse.KeyID(signer.Public())
		if err != nil {
			return nil, err
		}
		if other, twice := seen[id]; twice {
			return nil, fault.New(fault.UsageInvalid, "%q and %q are the same key", other, ref)
		}
		seen[id] = ref.String()
		s.notes(signer)
		s.ui.Detail("signing with %s, key %s", ref, id)
		signers = append(signers, signer)
	}
	return signers, nil
}

// files returns the files that the flags read, keys above all: none of them may
// be the output.
func (f *signFlags) files() []string {
	files := []string{f.secrets.file}
	for _, text := range f.keys {
		ref, err := keys.ParseRef(text)
		if err != nil || ref.Scheme() != keys.FileScheme && ref.Scheme() != fido2.Scheme {
			continue // opening it has said what is wrong, or it is no file
		}
		passphrase, _ := ref.Option(keys.OptionPassphraseFile)
		files = append(files, ref.Name(), passphrase)
	}
	return files
}

// settle decides on the form once the keys are known: a signature with an
// extension, as FIDO2 tokens make them, has no place in a bundle. That is said
// before anybody touches a token.
func (f *signFlags) settle(signers []dsse.Signer) error {
	for _, signer := range signers {
		if dsse.ExtensionKind(signer) == "" {
			continue
		}
		if f.envelope.value == envelopeBundle {
			return bundle.RefuseExtension()
		}
		f.envelope.value = envelopeDSSE
	}
	return nil
}

// seal signs m, writes it where the flags say and returns what is known of it.
func (f *signFlags) seal(ctx context.Context, s *session, m dsse.Message, inputs ...string) (*sealedResult, error) {
	signers, err := f.openSigners(ctx, s)
	if err == nil {
		err = f.settle(signers)
	}
	if err != nil {
		return nil, err
	}
	return f.write(ctx, s, signers, inputs, func(out atomicfile.Output) (*bundle.Sealed, error) {
		if f.form() == envelopeBundle {
			return bundle.Write(ctx, out, m, signers[0])
		}
		return bundle.WriteEnvelope(ctx, out, m, signers...)
	})
}

func (f *signFlags) write(ctx context.Context, s *session, signers []dsse.Signer, inputs []string, seal func(atomicfile.Output) (*bundle.Sealed, error)) (*sealedResult, error) {
	out, err := f.output.create(ctx, s, append(f.files(), inputs...)...)
	if err != nil {
		return nil, err
	}
	defer out.Abort()
	sealed, err := seal(out)
	if err != nil {
		return nil, err
	}
	if err := out.Commit(); err != nil {
		return nil, err
	}
	return newSealedResult(f, sealed, signers), nil
}

// sealedResult says who signed and where the evidence lies.
type sealedResult struct {
	Output       string         `json:"output"`
	Envelope     string         `json:"envelope"`
	BundleSHA256 string         `json:"bundleSha256,omitempty"`
	Signers      []signerResult `json:"signers"`
}

type signerResult struct {
	KeyID     string `json:"keyId"`
	Algorithm string `json:"algorithm"`
}

func newSealedResult(f *signFlags, sealed *bundle.Sealed, signers []dsse.Signer) *sealedResult {
	r := &sealedResult{Output: f.output.path, Envelope: f.form(), BundleSHA256: sealed.SHA256}
	if f.output.onStdout() {
		r.Output = "-"
	}
	for _, signer := range signers {
		id, _ := dsse.KeyID(signer.Public()) // has one: it signed
		scheme, _ := dsse.SchemeOf(signer.Public())
		r.Signers = append(r.Signers, signerResult{id, scheme.Name})
	}
	return r
}

func (r *sealedResult) pairs(p *ui.Printer) []ui.Pair {
	var pairs []ui.Pair
	for _, signer := range r.Signers {
		pairs = append(pairs, ui.P("key", p.Digest(signer.KeyID), ui.T("  "+signer.Algorithm)))
	}
	if r.BundleSHA256 != "" {
		pairs = append(pairs, ui.P("bundleSha256", p.Digest(r.BundleSHA256)))
	}
	if r.Output != "-" {
		pairs = append(pairs, ui.P("written to", ui.T(r.Output)))
	}
	return pairs
}
