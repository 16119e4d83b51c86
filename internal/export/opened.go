package export

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/verify"
)

// checkName is the check of the files in a report.
const checkName = "files"

// Is reports whether a file is the manifest of an export, by its name and how it begins.
func Is(path string) bool {
	if filepath.Base(path) != ManifestName {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 128)
	n, _ := io.ReadFull(f, head)
	return isManifest(head[:n])
}

// Opened is an export of which nothing was verified yet. Close it after the last use of
// its evidence.
type Opened struct {
	manifest   string // its path
	signatures []bundle.Item
	evidence   verify.Evidence
	open       []io.Closer
}

// Open reads the two signatures of the export with a manifest. The manifest itself is the
// artifact that they have to be about.
func Open(manifest string) (*Opened, error) {
	o := &Opened{manifest: manifest}
	for _, name := range []string{ManifestBundle, ProvenanceBundle} {
		if err := o.read(name); err != nil {
			return nil, errors.Join(err, o.Close())
		}
	}
	return o, nil
}

func (o *Opened) read(name string) error {
	f, err := input.Open(filepath.Join(o.dir(), name), nil, input.MaxEvidence)
	if err != nil {
		return err
	}
	o.open = append(o.open, f)
	items, ignored, err := bundle.Read(f)
	if err != nil {
		return err
	}
	o.evidence.AddRead(f.Name(), items, ignored)
	if name == ManifestBundle {
		o.signatures = items
	}
	return nil
}

// Close closes the files with the signatures.
func (o *Opened) Close() error {
	var errs []error
	for _, c := range o.open {
		errs = append(errs, c.Close())
	}
	o.open = nil
	return errors.Join(errs...)
}

func (o *Opened) dir() string { return filepath.Dir(o.manifest) }

// Evidence are the two signatures.
func (o *Opened) Evidence() *verify.Evidence { return &o.evidence }

// Judge adds the check of the files to the report on the evidence, if the signatures are
// good: what nobody signed says nothing of files. What was found is in the report; the
// error is that of ctx.
func (o *Opened) Judge(ctx context.Context, whole *verify.Report) error {
	check := verify.Check{Name: checkName, Status: verify.NotRun, Message: "an earlier check failed"}
	if whole.Verified {
		found, err := o.files(ctx, whole)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		check = verify.Check{Name: checkName, Status: verify.Passed, Message: found}
		if err != nil {
			check = verify.FailedCheck(checkName, err)
		}
	}
	whole.Checks = append(whole.Checks, check)
	_ = whole.Conclude() // the report says it all
	return nil
}

// files holds the directory to the manifest, as it is now: the verified provenance must be
// that of what is read.
func (o *Opened) files(ctx context.Context, whole *verify.Report) (string, error) {
	f, err := input.Open(o.manifest, nil, MaxManifest)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := f.ReadAll()
	if err != nil {
		return "", err
	}
	m, err := ParseManifest(text)
	if err != nil {
		return "", err
	}
	provenance := provenanceOf(whole, sumOf(text))
	if provenance == nil {
		return "", fault.New(fault.ExportMismatch, "%s is no provenance of this manifest", ProvenanceBundle)
	}
	signature, err := detached(o.signatures)
	if err != nil {
		return "", err
	}
	return checkFiles(ctx, o.dir(), m, signature, provenance)
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
