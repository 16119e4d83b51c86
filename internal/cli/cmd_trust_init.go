package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustInitCommand(a *app) *cobra.Command {
	var opts trustInitOptions
	cmd := &cobra.Command{
		Use:   "init --root FILE --root-sha256 HEX",
		Short: "begin a trust bundle with its first root",
		Long: `Begin a trust bundle: believe what the root in FILE leads to, and nobody else.
Take the file from the publisher's export (metadata/1.root.json) and its SHA-256
from the publisher in another way: on paper, by telephone, from a page that you
know. The keys in the root decide on everything that comes later, so this is the
one thing that nothing else can check.

Every later root is followed from this one, also if it has expired by then.`,
		Example: `  stella trust init --root export/metadata/1.root.json --root-sha256 $(cat root.sha256)`,
		Args:    wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustInit(cmd.Context(), s, &opts)
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitTemporary)
	fs := cmd.Flags()
	fs.StringVar(&opts.root, "root", "", "the first root, in `FILE`")
	fs.StringVar(&opts.sha256, "root-sha256", "", "the SHA-256 of that file, in `HEX`, as the publisher told it in another way")
	fs.StringVar(&opts.name, "name", trust.DefaultName, "call the bundle `NAME`: several stand side by side")
	return cmd
}

type trustInitOptions struct{ root, sha256, name string }

func runTrustInit(ctx context.Context, s *session, o *trustInitOptions) error {
	switch {
	case o.root == "":
		return fault.New(fault.UsageInvalid, "no root to begin with").
			WithHint("name it: --root root.json; the publisher's export has it as metadata/1.root.json")
	case o.sha256 == "":
		return fault.New(fault.UsageInvalid, "a root is believed only with its digest").
			WithHint("give what the publisher told in another way than the file came: --root-sha256 HEX")
	}
	f, err := input.Open(o.root, s.Stdin, trust.MaxMetadata)
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := f.ReadAll()
	if err != nil {
		return err
	}
	status, err := s.trustHome().Init(ctx, o.name, o.root, raw, o.sha256, s.Now())
	if err != nil {
		return err
	}
	return s.ui.Show(&trustInitResult{status})
}
