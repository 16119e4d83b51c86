package cli

import (
	"context"
	"path/filepath"

	"github.com/stellaops/stella/internal/export"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/verify"
)

// runVerifyExport verifies the signatures of an export, by what the flags demand, and
// then every file that its manifest lists.
func runVerifyExport(ctx context.Context, s *session, o *verifyOptions, name string) error {
	if len(o.subjects) > 0 {
		return fault.New(fault.UsageInvalid, "an export is compared with its own files, and --subject names others").
			WithHint("to verify one piece of evidence in it, name that instead of %s", export.ManifestName)
	}
	if o.beside != (besideFlags{}) || o.expect != 0 || o.failFast {
		return fault.New(fault.UsageInvalid, "an export has two signatures, which are known: --certificate, --rfc3161-timestamp, --expect and --fail-fast say nothing of it")
	}
	o.subjects = []string{name}
	policy, closers, err := o.demands(ctx, s)
	defer closers.close()
	if err != nil {
		return err
	}
	opened, err := export.Open(name)
	if err != nil {
		return err
	}
	defer opened.Close()
	verdict, err := o.rendering.openDocument(document{
		ctx: ctx, s: s, inputs: []string{name}, below: []string{filepath.Dir(name)}, named: namedWords([]string{name}),
		reservations: report.Reservations(true, len(policy.AssumeRevoked) > 0),
	})
	if err != nil {
		return err
	}
	defer verdict.Abort()
	whole, err := verify.Verify(ctx, opened.Evidence(), policy)
	if whole == nil {
		return err
	}
	if err := opened.Judge(ctx, whole); err != nil {
		return err
	}
	whole.Time.Source = timeSource(o.at)
	whole.Profile.Standing = standing(whole.Profile.Name, version.Module())
	if err := report.Write(verdict, whole); err != nil {
		return err
	}
	return settled(whole.Exit)
}
