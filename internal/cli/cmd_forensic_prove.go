package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/ui"
)

func newForensicProveCommand(a *app) *cobra.Command {
	var opts forensicProveOptions
	cmd := &cobra.Command{
		Use:   "prove SNAPSHOT|DIR ENTRY",
		Short: "prove that an entry is in a snapshot",
		Long: `Write a proof that an entry is in a signed snapshot, for somebody who gets the
entry and not all the rest: the entry's digest, the path of hashes from it to
the Merkle root, and the signature over that root. ENTRY is the entry's path
as checksums.txt has it.

The proof verifies alone: stella forensic verify PROOF, with --subject also
that the entry is the file at hand.`,
		Example: `  stella forensic prove case-7.tar.zst files/evidence/README.md -o readme.proof.json
  stella forensic verify readme.proof.json --key ci.key.pub --subject evidence/README.md`,
		Args: wantArgs("SNAPSHOT", "ENTRY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runForensicProve(cmd.Context(), s, &opts, args[0], args[1])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	opts.output.AddFlags(cmd.Flags())
	return cmd
}

type forensicProveOptions struct{ output outputFlags }

func runForensicProve(ctx context.Context, s *session, o *forensicProveOptions, name, entry string) error {
	if name == "-" {
		return fault.New(fault.UsageInvalid, "standard input (-) can be read once, and a proof reads the snapshot twice").
			WithHint("keep it in a file and name that")
	}
	proof, err := forensic.Prove(ctx, entry, forensic.File(name))
	if err != nil {
		return err
	}
	out, err := o.output.create(ctx, s, name)
	if err != nil {
		return err
	}
	defer out.Abort()
	if err := proof.Write(out); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	return o.output.show(s, &proveResult{
		Output: o.output.shown(), Case: proof.Case, Entry: proof.Entry.Path, SHA256: proof.Entry.SHA256, Root: proof.Merkle.Root,
	})
}

// proveResult says what was proven. Nobody's signature was verified.
type proveResult struct {
	Output string `json:"output"`
	Case   string `json:"case"`
	Entry  string `json:"entry"`
	SHA256 string `json:"sha256"`
	Root   string `json:"merkleRoot"`
}

// Text implements ui.Result.
func (r *proveResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T("proof made of "+r.Entry), ui.T("; the snapshot's signature was not verified"))
	pairs := []ui.Pair{ui.P("case", ui.T(r.Case)), ui.P("entry", p.Digest("sha256:"+r.SHA256)), ui.P("root", p.Digest("sha256:"+r.Root))}
	if r.Output != "-" {
		pairs = append(pairs, ui.P("written to", ui.T(r.Output)))
	}
	p.Pairs(pairs...)
}
