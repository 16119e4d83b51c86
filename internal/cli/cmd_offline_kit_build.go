package cli

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/offlinekit"
)

func newOfflineKitBuildCommand(a *app) *cobra.Command {
	var opts kitBuildOptions
	cmd := &cobra.Command{
		Use:   "build",
		Short: "build an offline kit",
		Long: `Build a kit from what flags, or a file with --file, name, sign the statement
about it and write it to OUT: an archive if the name ends in .tar.zst, .tar.gz
or .tar, else a directory. Every input must be what its flag says: an SBOM an
SBOM, evidence evidence, trust an export that can be imported. The same inputs
make the same bytes; SOURCE_DATE_EPOCH fixes the time in the kit.

What is written is checked on its way, as offline-kit verify does, and what is
missing for the evidence in the kit to be verified with it is printed.

To have somebody sign on another machine, write the statement with --unsigned,
carry it there for stella sign statement, or for one signature more take
statement.dsse.json out of the kit for stella attest add. Then --from writes the
kit with the --statement that came back. In the same way --statement-evidence
adds a bundle with a time stamp or log entry for the statement.`,
		Example: `  stella offline-kit build --name acme --channel stable --kit-version 1 \
      --key ci.key --trust export --evidence sbom.sigstore.json --sbom sbom.cdx.json -o kit.tar.zst
  stella offline-kit build --file kit.yaml --key ci.key --key team.key -o kit
  stella offline-kit build --file kit.yaml --unsigned kit-statement.json -o kit.tar
  stella sign statement kit-statement.json --key ci.key --envelope dsse -o kit-statement.dsse.json
  stella offline-kit build --from kit.tar --statement kit-statement.dsse.json -o signed.tar.zst`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			if opts.from != "" {
				return runKitRepack(cmd.Context(), s, &opts)
			}
			return runKitBuild(cmd.Context(), s, &opts)
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

func runKitBuild(ctx context.Context, s *session, o *kitBuildOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	plan, err := o.plan(s)
	if err != nil {
		return err
	}
	if err := o.refuse(s, plan); err != nil {
		return err // what is in the way costs no signature
	}
	what := audit.Use{Content: audit.Content{PredicateType: predicate.TypeOfflineKit}}
	var opened *openedKeys
	if o.unsigned == "" {
		if opened, err = o.sign.openKeys(ctx, s, what); err != nil {
			return err
		}
	}
	b, err := offlinekit.NewBuild(ctx, plan, s.Now())
	if err != nil {
		return err
	}
	defer b.Close()
	h, err := b.Manifest(opened.list())
	if err != nil {
		return err
	}
	out, err := o.create(ctx, s, plan)
	if err != nil {
		return err
	}
	defer out.abort()
	signers, unsigned, err := o.seal(ctx, opened, h)
	if err != nil {
		return err
	}
	verdict, err := out.written(ctx, h.Manifest, s.Now(), func(t offlinekit.Target) error { return b.Write(t, h) })
	if err != nil {
		return b.Changed(err, verdict)
	}
	if err := s.trail.checkpoint(); err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	if unsigned != nil {
		if err := atomicfile.WriteFile(ctx, o.unsigned, unsigned, o.unsignedOptions()); err != nil {
			return err
		}
	}
	counts := b.Counts()
	r := &kitBuildResult{Output: o.output.path, Signers: signers, Counts: &counts, Kit: verdict}
	if s.trail != nil {
		used := s.trail.result()
		r.Audit = &used
	}
	return s.ui.Show(r)
}

// list is what START-HERE says of the keys; nil for none.
func (o *openedKeys) list() []offlinekit.SignerKey {
	if o == nil {
		return nil
	}
	var out []offlinekit.SignerKey
	for _, signer := range o.signers {
		id, _ := dsse.KeyID(signer.Public()) // was computed before
		scheme, _ := dsse.SchemeOf(signer.Public())
		out = append(out, offlinekit.SignerKey{KeyID: id, Scheme: scheme})
	}
	return out
}

// seal signs the statement about the kit into its header, or returns it for others to
// sign.
func (o *kitBuildOptions) seal(ctx context.Context, opened *openedKeys, h *offlinekit.Header) (signed []signerResult, unsigned []byte, err error) {
	m, err := h.NewStatement()
	if err != nil {
		return nil, nil, err
	}
	if opened == nil {
		var text bytes.Buffer
		_, err := m.WriteTo(&text)
		return nil, append(text.Bytes(), '\n'), err
	}
	what := useOf(&predicate.Draft{Message: m, PredicateType: predicate.TypeOfflineKit, Subjects: h.Subjects()})
	signers, err := opened.recorded(what)
	if err != nil {
		return nil, nil, err
	}
	var envelope bytes.Buffer
	if _, err := bundle.WriteEnvelope(ctx, &envelope, what.Message, signers...); err != nil {
		return nil, nil, err
	}
	h.Statement = envelope.Bytes()
	for _, k := range opened.list() {
		signed = append(signed, signerResult{k.KeyID, k.Scheme.Name})
	}
	return signed, nil, verifySigned(h.Statement, signers)
}

// verifySigned holds a new envelope to the keys that have signed it: a device can be
// broken.
func verifySigned(envelope []byte, signers []dsse.Signer) error {
	e, err := dsse.ParseEnvelope(bytes.NewReader(envelope), int64(len(envelope)))
	if err != nil {
		return err
	}
	var trusted []dsse.Key
	for _, signer := range signers {
		verifier, err := keys.VerifierOf(signer)
		if err != nil {
			return err
		}
		id, err := dsse.KeyID(signer.Public())
		if err != nil {
			return err
		}
		trusted = append(trusted, dsse.Key{Holder: id, Verifier: verifier})
	}
	_, err = dsse.Open(e, len(trusted), trusted...)
	return err
}

// runKitRepack writes a kit with another statement, or in another form.
func runKitRepack(ctx context.Context, s *session, o *kitBuildOptions) error {
	if err := o.checkRepack(); err != nil {
		return err
	}
	source, err := offlinekit.Open(o.from, s.Stdin)
	if err != nil {
		return err
	}
	defer source.Close()
	statement, evidence, err := o.newEvidence(s)
	if err != nil {
		return err
	}
	var out *kitOutput
	manifest, err := offlinekit.Repack(ctx, source, func(h *offlinekit.Header) (offlinekit.Target, error) {
		if statement != nil {
			h.Statement = statement
		}
		if err := h.AddEvidence(evidence...); err != nil {
			return nil, err
		}
		var err error
		if out, err = o.create(ctx, s, nil); err != nil {
			return nil, err
		}
		return out.open(ctx, h.Manifest, s.Now())
	})
	if out != nil {
		defer out.abort()
	}
	if err != nil {
		return err
	}
	verdict, err := out.close()
	if err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	s.ui.Detail("%s of %s", plural(len(manifest.Entries), "file"), o.from)
	return s.ui.Show(&kitBuildResult{Output: o.output.path, Kit: verdict})
}
