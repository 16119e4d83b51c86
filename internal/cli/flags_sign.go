package cli

import (
	"context"
	"crypto"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2"
)

// The forms that a signing verb writes.
const (
	envelopeBundle = "bundle"
	envelopeDSSE   = "dsse"
	envelopeSSHSig = "sshsig" // of sign blob alone
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
	f.envelope = newChoice("", envelopeBundle, envelopeDSSE)
	f.addFlags(fs, "; repeat it for several signatures", "write a Sigstore bundle or a bare DSSE envelope: `bundle|dsse`; the default is bundle for one key, dsse for several and for a FIDO2 token's own signature")
}

// addFlags registers the flags, with what the verb says of several keys and of its
// envelopes.
func (f *signFlags) addFlags(fs *pflag.FlagSet, several, envelopes string) {
	fs.StringArrayVar(&f.keys, "key", nil, "sign with the key that `REF` names"+several)
	fs.Var(f.envelope, "envelope", envelopes)
	f.output.AddFlags(fs)
	f.secrets.AddFlags(fs)
	addKeyring(fs)
	addAuditFlag(fs)
}

// check refuses what no key can help, before any is opened. name is the
// document's.
func (f *signFlags) check(s *session, name string) error {
	if err := f.checkKeys(); err != nil {
		return err
	}
	return f.output.requireName(s, evidenceName(name, f.form()))
}

func (f *signFlags) checkKeys() error {
	if len(f.keys) == 0 {
		return fault.New(fault.UsageInvalid, "no key to sign with").
			WithHint("say which: --key KEY; make one with: stella keys generate -o KEY")
	}
	if len(f.keys) > 1 && f.form() == envelopeBundle {
		return fault.New(fault.BundleSignatures, "a bundle holds exactly one signature, and %d keys were given", len(f.keys)).
			WithHint("write a bare envelope: --envelope dsse")
	}
	if len(f.keys) > 1 && f.form() == envelopeSSHSig {
		return fault.New(fault.UsageInvalid, "a signature file of OpenSSH holds one signature, and %d keys were given", len(f.keys)).
			WithHint("sign once for each key")
	}
	if given := f.secrets.given(); len(f.keys) > 1 && len(given) > 0 {
		return fault.New(fault.PassphraseSource, "--%s cannot serve %d keys", given[0], len(f.keys)).
			WithHint("say it for each key: --key 'KEY?passphrase-file=FILE'")
	}
	return nil
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
	switch form {
	case envelopeDSSE:
		return filepath.Base(name) + ".dsse.json"
	case envelopeSSHSig:
		return filepath.Base(name) + ".sig" // as ssh-keygen -Y sign calls it
	}
	return filepath.Base(name) + ".sigstore.json"
}

// openSigners opens every key for what is to be signed. A key that two references
// name is refused: it would sign twice and count once.
func (f *signFlags) openSigners(ctx context.Context, s *session, what audit.Use) ([]dsse.Signer, error) {
	opened, err := f.openKeys(ctx, s, what)
	if err != nil {
		return nil, err
	}
	return opened.recorded(what)
}

// openKeys opens every key where what is to be signed depends on which they are. what
// says as much of it as is known; nothing can be signed before recorded.
func (f *signFlags) openKeys(ctx context.Context, s *session, what audit.Use) (*openedKeys, error) {
	trail, err := s.openTrail()
	if err != nil {
		return nil, err
	}
	drivers, err := s.drivers(&f.secrets)
	if err != nil {
		return nil, err
	}
	o := &openedKeys{trail: trail}
	seen := make(map[string]string)
	for _, text := range f.keys {
		ref, err := keys.ParseRef(text)
		if err != nil {
			return nil, err
		}
		signer, err := trail.attempt(what, ref, func() (dsse.Signer, error) { return s.openSigner(ctx, drivers, ref) })
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
		s.ui.Detail("signing with %s, key %s", ref, id)
		o.signers, o.refs = append(o.signers, signer), append(o.refs, ref)
	}
	if err := s.config.Profile.Sign(publicKeys(o.signers)...); err != nil {
		return nil, trail.refuse(what, o.refs, err)
	}
	return o, nil
}

// openedKeys are keys that are open.
type openedKeys struct {
	trail   *trail
	signers []dsse.Signer // whose uses are not recorded
	refs    []keys.Ref
}

// recorded returns signers of what, whose every use is recorded.
func (o *openedKeys) recorded(what audit.Use) ([]dsse.Signer, error) {
	signers := make([]dsse.Signer, 0, len(o.signers))
	for i, signer := range o.signers {
		signer, err := o.trail.signer(what, o.refs[i], signer)
		if err != nil {
			return nil, err
		}
		signers = append(signers, signer)
	}
	return signers, nil
}

func publicKeys(signers []dsse.Signer) []crypto.PublicKey {
	out := make([]crypto.PublicKey, len(signers))
	for i, s := range signers {
		out[i] = s.Public()
	}
	return out
}

// openSigner opens one key. Whatever it fails with goes into the audit log.
func (s *session) openSigner(ctx context.Context, drivers keys.Drivers, ref keys.Ref) (dsse.Signer, error) {
	signer, err := s.openKey(ctx, drivers, ref)
	if err != nil {
		return nil, err
	}
	return signer, s.judge(signer.Public())
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
func (f *signFlags) seal(ctx context.Context, s *session, d *predicate.Draft, inputs ...string) (*sealedResult, error) {
	what := useOf(d)
	signers, err := f.openSigners(ctx, s, what)
	if err == nil {
		err = f.settle(signers)
	}
	if err != nil {
		return nil, err
	}
	return f.write(ctx, s, signers, inputs, func(out atomicfile.Output) (*bundle.Sealed, error) {
		if f.form() == envelopeBundle {
			return bundle.Write(ctx, out, what.Message, signers[0])
		}
		return bundle.WriteEnvelope(ctx, out, what.Message, signers...)
	})
}

// useOf says in the audit log what a draft is.
func useOf(d *predicate.Draft) audit.Use {
	what := audit.Use{
		Content: audit.Content{SubjectCount: len(d.Subjects), PredicateType: d.PredicateType},
		Message: audit.Observe(d.Message),
	}
	for _, subject := range d.Subjects[:min(len(d.Subjects), audit.MaxSubjects)] {
		what.Subjects = append(what.Subjects, predicate.MainDigest(subject.Digest))
	}
	return what
}

func (f *signFlags) write(ctx context.Context, s *session, signers []dsse.Signer, inputs []string, seal func(atomicfile.Output) (*bundle.Sealed, error)) (*sealedResult, error) {
	out, err := f.output.create(ctx, s, slices.Concat(f.files(), inputs, []string{s.trail.path})...)
	if err != nil {
		return nil, err
	}
	defer out.Abort()
	sealed, err := seal(out)
	if err != nil {
		return nil, err
	}
	if err := s.trail.checkpoint(); err != nil {
		return nil, err
	}
	if err := out.Commit(); err != nil {
		return nil, err
	}
	return newSealedResult(s, f, sealed, signers), nil
}

// sealedResult says who signed and where the evidence lies.
type sealedResult struct {
	Output       string         `json:"output"`
	Envelope     string         `json:"envelope"`
	BundleSHA256 string         `json:"bundleSha256,omitempty"`
	Signers      []signerResult `json:"signers"`
	Audit        auditResult    `json:"audit"`
	Profile      string         `json:"profile"`

	standing string // of the profile
}

type signerResult struct {
	KeyID     string `json:"keyId"`
	Algorithm string `json:"algorithm"`
}

func newSealedResult(s *session, f *signFlags, sealed *bundle.Sealed, signers []dsse.Signer) *sealedResult {
	r := &sealedResult{
		Output: f.output.shown(), Envelope: f.form(), BundleSHA256: sealed.SHA256,
		Audit: s.trail.result(), Profile: string(s.config.Profile), standing: standing(s.config.Profile, version.Module()),
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
	pairs = append(pairs, profilePairs(keys.Profile(r.Profile), r.standing)...)
	if r.BundleSHA256 != "" {
		pairs = append(pairs, ui.P("bundleSha256", p.Digest(r.BundleSHA256)))
	}
	if r.Output != "-" {
		pairs = append(pairs, ui.P("written to", ui.T(r.Output)))
	}
	return append(pairs, r.Audit.pair())
}
