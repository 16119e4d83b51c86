package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ui"
)

func newSignBlobCommand(a *app) *cobra.Command {
	var opts signFlags
	cmd := &cobra.Command{
		Use:   "blob FILE|-",
		Short: "sign bytes, as cosign sign-blob does",
		Long: `Sign a file as it is. The bundle holds a signature over the file's bytes and
not the file, so it is verified together with it.`,
		Example: `  stella sign blob app.tar.gz --key ci.key -o app.tar.gz.sigstore.json`,
		Args:    wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runSignBlob(cmd.Context(), s, &opts, args[0])
		},
	}
	opts.AddFlags(cmd.Flags())
	return cmd
}

func runSignBlob(ctx context.Context, s *session, o *signFlags, name string) error {
	if o.form() != envelopeBundle {
		return fault.New(fault.UsageInvalid, "a signature over bare bytes has no DSSE envelope, and so one key").
			WithHint("sign once for each key, or sign a statement about the file: stella sign statement")
	}
	if err := o.check(s, name); err != nil {
		return err
	}
	f, err := input.Open(name, s.Stdin, input.MaxArtifact)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := f.Content()
	if err != nil {
		return err
	}
	sum := content.SHA256Hex()
	signers, err := o.openSigners(ctx, s, audit.Use{Content: audit.Content{
		Subjects: []string{"sha256:" + sum}, SubjectCount: 1, PayloadSHA256: sum,
	}})
	if err != nil {
		return err
	}
	sealed, err := o.write(ctx, s, signers, []string{f.Name()}, func(out atomicfile.Output) (*bundle.Sealed, error) {
		return &bundle.Sealed{}, bundle.WriteBlob(ctx, out, content, signers[0])
	})
	if err != nil {
		return err
	}
	return o.output.show(s, &blobResult{Artifact: name, SHA256: sum, Size: f.Size(), sealedResult: sealed})
}

// blobResult says which bytes were signed.
type blobResult struct {
	Artifact string `json:"artifact"`
	SHA256   string `json:"sha256"`
	Size     int64  `json:"size"`
	*sealedResult
}

// Text implements ui.Result.
func (r *blobResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T("signed "+r.Artifact))
	pairs := []ui.Pair{ui.P("digest", p.Digest("sha256:"+r.SHA256))}
	p.Pairs(append(pairs, r.sealedResult.pairs(p)...)...)
}
