package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/export"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/verify"
)

// isExport reports whether the one thing to verify is the manifest of an export.
func isExport(names []string) bool {
	if len(names) != 1 || filepath.Base(names[0]) != export.ManifestName {
		return false
	}
	f, err := os.Open(names[0])
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 128)
	n, _ := io.ReadFull(f, head)
	return export.IsManifest(head[:n])
}

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
	dir := filepath.Dir(name)
	o.subjects = []string{name}
	policy, closers, err := o.demands(ctx, s)
	defer closers.close()
	if err != nil {
		return err
	}
	e, signatures, err := exportEvidence(s, dir, closers)
	if err != nil {
		return err
	}
	verdict, err := o.rendering.openDocument(document{
		ctx: ctx, s: s, inputs: []string{name}, below: []string{dir}, named: namedWords([]string{name}),
		reservations: report.Reservations(true, len(policy.AssumeRevoked) > 0),
	})
	if err != nil {
		return err
	}
	defer verdict.Abort()
	whole, err := verify.Verify(ctx, e, policy)
	if whole == nil {
		return err
	}
	if err := addFiles(ctx, s, dir, name, whole, signatures); err != nil {
		return err
	}
	whole.Time.Source = timeSource(o.at)
	whole.Profile.Standing = standing(whole.Profile.Name, version.Module())
	if err := report.Write(verdict, whole); err != nil {
		return err
	}
	return settled(whole.Exit)
}

// exportEvidence reads the two signatures, and returns what is in the manifest's bundle
// as well.
func exportEvidence(s *session, dir string, closers *closeList) (e *verify.Evidence, signatures []bundle.Item, err error) {
	e = &verify.Evidence{}
	for _, name := range []string{export.ManifestBundle, export.ProvenanceBundle} {
		f, err := input.Open(filepath.Join(dir, name), s.Stdin, input.MaxEvidence)
		if err != nil {
			return nil, nil, err
		}
		closers.add(f)
		items, ignored, err := bundle.Read(f)
		if err != nil {
			return nil, nil, err
		}
		e.AddRead(f.Name(), items, ignored)
		if name == export.ManifestBundle {
			signatures = items
		}
	}
	return e, signatures, nil
}

// addFiles adds the check of the files to the verdict, if the signatures are good: what
// nobody signed says nothing of files.
func addFiles(ctx context.Context, s *session, dir, name string, whole *verify.Report, signatures []bundle.Item) error {
	check := verify.Check{Name: "files", Status: verify.NotRun, Message: "an earlier check failed"}
	if whole.Verified {
		found, err := checkFiles(ctx, s, dir, name, whole, signatures)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		check = verify.Check{Name: "files", Status: verify.Passed, Message: found}
		if err != nil {
			check = verify.FailedCheck("files", err)
		}
	}
	whole.Checks = append(whole.Checks, check)
	_ = whole.Conclude() // the report says it all
	return nil
}

func checkFiles(ctx context.Context, s *session, dir, name string, whole *verify.Report, signatures []bundle.Item) (string, error) {
	f, err := input.Open(name, s.Stdin, export.MaxManifest)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := f.ReadAll()
	if err != nil {
		return "", err
	}
	content, err := input.FromBytes(name, text).Content()
	if err != nil {
		return "", err
	}
	manifest, err := export.ParseManifest(text)
	if err != nil {
		return "", err
	}
	provenance := provenanceOf(whole, content.SHA256Hex())
	if provenance == nil {
		return "", fault.New(fault.ExportMismatch, "%s is no provenance of this manifest", export.ProvenanceBundle)
	}
	signature, err := export.Detached(signatures)
	if err != nil {
		return "", err
	}
	return export.Check(ctx, dir, manifest, signature, provenance)
}

// provenanceOf returns the verified provenance of the manifest, which has this SHA-256:
// what was signed is what was read now. Nil if there is none.
func provenanceOf(whole *verify.Report, manifest string) dsse.Message {
	for i := range whole.Results {
		r := &whole.Results[i]
		if r.Claims == nil || r.Message == nil || !predicate.Matches(predicate.TypeSLSA1, r.Claims.PredicateType) {
			continue
		}
		for _, subject := range r.Claims.Subjects {
			if subject.Digest["sha256"] == manifest {
				return r.Message
			}
		}
	}
	return nil
}
