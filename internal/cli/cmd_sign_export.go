package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/export"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

func newSignExportCommand(a *app) *cobra.Command {
	var opts signExportOptions
	cmd := &cobra.Command{
		Use:   "export DIR",
		Short: "describe and sign a directory, so that stock tools verify it",
		Long: `Describe the files in DIR and sign the description, in DIR itself: export.json
lists every file with its digest, checksums.txt has them for sha256sum, and
provenance.json says how the export was made (SLSA provenance v1). Beside them
stand signatures as cosign makes them, and verify.sh, which needs sha256sum, and
cosign or openssl.

The same files give the same bytes, but for the time: SOURCE_DATE_EPOCH fixes
it. What was written by an earlier run is replaced with --force alone. Links and
other files that are not regular are refused: an export holds all that is there.

stella verify DIR/export.json verifies an export with all its files.`,
		Example: `  stella sign export evidence --key ci.key
  stella sign export evidence --export-profile json:raw --material sbom.cdx.json --key ci.key --force`,
		Args: wantArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runSignExport(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type signExportOptions struct {
	sign      signFlags
	force     bool
	profile   string
	builder   string
	materials []string
}

// AddFlags registers the flags.
func (o *signExportOptions) AddFlags(fs *pflag.FlagSet) {
	o.sign.envelope = newChoice(envelopeBundle, envelopeBundle)
	fs.StringArrayVar(&o.sign.keys, "key", nil, "sign with the key that `REF` names")
	fs.StringVar(&o.profile, "export-profile", "", "what kind of export it is, as a `NAME` such as json:raw")
	fs.StringVar(&o.builder, "builder", "", "who is answerable in the provenance, as a `URI`; the default is "+export.BuilderID)
	fs.StringArrayVar(&o.materials, "material", nil, "what the export was made from: `FILE|NAME@sha256:HEX`; repeatable")
	fs.BoolVar(&o.force, "force", false, "replace what an earlier run wrote")
	o.sign.secrets.AddFlags(fs)
	addKeyring(fs)
	addAuditFlag(fs)
}

func runSignExport(ctx context.Context, s *session, o *signExportOptions, dir string) error {
	if err := o.sign.checkKeys(); err != nil {
		return err
	}
	if err := checkDirectory(dir); err != nil {
		return err
	}
	if err := o.checkFree(dir); err != nil {
		return err
	}
	made, err := o.build(ctx, s, dir)
	if err != nil {
		return err
	}
	files, signer, err := o.seal(ctx, s, made)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := atomicfile.WriteFile(ctx, filepath.Join(dir, f.Name), f.Content, atomicfile.Options{Force: o.force}); err != nil {
			return err
		}
	}
	return s.ui.Show(&exportResult{
		Directory: dir, Files: made.Files, Bytes: made.Bytes, SHA256: made.SHA256, Signers: []signerResult{signer}, Audit: s.trail.result(),
	})
}

// checkDirectory refuses what is no directory.
func checkDirectory(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.InputNotFound, "%s does not exist", input.Display(dir)).With("path", dir)
	case err != nil:
		return fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(dir)).With("path", dir)
	case !info.IsDir():
		return fault.New(fault.UsageInvalid, "%s is a file, and an export is a directory with all that is in it", input.Display(dir)).
			WithHint("put it into a directory, and name that; stella sign blob signs a file alone")
	}
	return nil
}

// checkFree refuses a directory that holds an export already, before anybody touches
// a token.
func (o *signExportOptions) checkFree(dir string) error {
	for _, name := range append(export.Written(), export.ScriptName) {
		if err := atomicfile.Check(filepath.Join(dir, name), atomicfile.Options{Force: o.force}); err != nil {
			return err
		}
	}
	return nil
}

// build describes the directory.
func (o *signExportOptions) build(ctx context.Context, s *session, dir string) (*export.Export, error) {
	at, err := s.artefactTime()
	if err != nil {
		return nil, err
	}
	options := export.Options{Profile: o.profile, Builder: o.builder, Version: version.Read(nil).Version, At: at}
	if ci := promotion.SurroundingsOf(s.getenv); ci.Pipeline != "" {
		options.Invocation = ci.Pipeline
		s.ui.Say("invocation from %s: %s", ci.System, ci.Pipeline)
	}
	for _, text := range o.materials {
		subject, err := predicate.ParseSubject(text)
		if err != nil {
			return nil, err
		}
		options.Materials = append(options.Materials, subject)
	}
	return export.Build(ctx, dir, options)
}

// seal signs manifest and provenance with one key, each for itself: both uses are
// recorded.
func (o *signExportOptions) seal(ctx context.Context, s *session, made *export.Export) ([]export.Output, signerResult, error) {
	first := audit.Use{Content: audit.Content{Subjects: []string{"sha256:" + made.SHA256}, SubjectCount: 1, PayloadSHA256: made.SHA256}}
	second := useOf(made.Provenance)
	forManifest, forProvenance, err := o.sign.openTwice(ctx, s, first, second)
	if err != nil {
		return nil, signerResult{}, err
	}
	files, err := made.Seal(ctx, forManifest, second.Message, forProvenance)
	if err != nil {
		return nil, signerResult{}, err
	}
	id, _ := dsse.KeyID(forManifest.Public()) // has one: it signed
	scheme, _ := dsse.SchemeOf(forManifest.Public())
	return files, signerResult{id, scheme.Name}, s.trail.checkpoint()
}

// openTwice opens the one key for two uses, each of which is recorded for itself.
func (f *signFlags) openTwice(ctx context.Context, s *session, first, second audit.Use) (a, b dsse.Signer, err error) {
	trail, err := s.openTrail()
	if err != nil {
		return nil, nil, err
	}
	drivers, err := s.drivers(&f.secrets)
	if err != nil {
		return nil, nil, err
	}
	ref, err := keys.ParseRef(f.keys[0])
	if err != nil {
		return nil, nil, err
	}
	var key dsse.Signer
	if a, err = trail.open(first, ref, func() (dsse.Signer, error) {
		key, err = s.openSigner(ctx, drivers, ref)
		return key, err
	}); err != nil {
		return nil, nil, err
	}
	if err := s.config.Profile.Sign(key.Public()); err != nil {
		return nil, nil, trail.refuse(first, []keys.Ref{ref}, err)
	}
	b, err = trail.signer(second, ref, key)
	return a, b, err
}

// exportResult says what was described and signed.
type exportResult struct {
	Directory string         `json:"directory"`
	Files     int            `json:"files"`
	Bytes     int64          `json:"bytes"`
	SHA256    string         `json:"sha256"` // of the manifest
	Signers   []signerResult `json:"signers"`
	Audit     auditResult    `json:"audit"`
}

// Text implements ui.Result.
func (r *exportResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T(fmt.Sprintf("signed export %s (%s, %d bytes)", r.Directory, plural(r.Files, "file"), r.Bytes)))
	pairs := []ui.Pair{ui.P("manifest", p.Digest("sha256:"+r.SHA256))}
	for _, signer := range r.Signers {
		pairs = append(pairs, ui.P("key", p.Digest(signer.KeyID), ui.T("  "+signer.Algorithm)))
	}
	p.Pairs(append(pairs, r.Audit.pair())...)
	p.Line(ui.Styled(ui.Faint, "next: stella verify "+filepath.Join(r.Directory, export.ManifestName)+" --key KEY.pub"))
}
