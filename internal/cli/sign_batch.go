package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/batch"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ui"
)

// batchFlags are the flags of the command that can sign many statements at once.
type batchFlags struct {
	documentFlags
	batch     bool
	outputDir string
}

// check refuses what does not go together.
func (f *batchFlags) check(s *session, name string) error {
	switch {
	case !f.batch && f.outputDir != "":
		return fault.New(fault.UsageInvalid, "--output-dir is for a batch").WithHint("say --batch, or name the output with -o")
	case !f.batch:
		return nil
	case len(f.statement.subjects)+len(f.statement.subjectsFrom) > 0:
		return fault.New(fault.UsageInvalid, "a batch is of ready statements, which name their subjects themselves")
	case f.outputDir != "" && f.sign.output.path != "":
		return fault.New(fault.UsageInvalid, "--output and --output-dir exclude each other: the evidence goes into one file, or into one for each statement")
	}
	if err := f.sign.checkKeys(); err != nil || f.outputDir != "" {
		return err
	}
	return f.sign.output.requireName(s, batchName(name)+".intoto.jsonl")
}

// batchName is what the name of a batch's evidence begins with.
func batchName(name string) string {
	if name == "-" {
		return "batch"
	}
	return filepath.Base(name)
}

// runSignBatch signs every statement in the file or folder called name.
func runSignBatch(ctx context.Context, s *session, f *batchFlags, name string) error {
	options, err := f.statement.options(s)
	if err != nil {
		return err
	}
	in, err := openBatch(s, name)
	if err != nil {
		return err
	}
	defer func() { _ = in.close() }() // only read
	for _, skip := range in.skipped {
		s.ui.Say("not signed: %s: %s", skip.Name, skip.Why)
	}
	if err := f.checkOutputs(in.paths); err != nil {
		return err
	}
	signers, err := f.sign.openSigners(ctx, s, audit.Use{})
	if err != nil {
		return err
	}
	sign := f.signInto
	if f.outputDir != "" {
		sign = f.signIntoFolder
	}
	n, err := sign(ctx, s, in, batch.Options{
		Signers: signers, Bundle: f.sign.form() == envelopeBundle, Statement: options,
	})
	if err != nil {
		return err
	}
	result := &batchResult{Statements: n, Skipped: in.skipped, sealedResult: newSealedResult(s, &f.sign, &bundle.Sealed{}, signers)}
	if f.outputDir != "" {
		result.Output = f.outputDir
		return s.ui.Show(result)
	}
	return f.sign.output.show(s, result)
}

// batchInput is JSON lines, or the files of a folder.
type batchInput struct {
	batch.Source
	name    string
	paths   []string // of a folder's files
	skipped []batch.Skipped
	close   func() error
}

func openBatch(s *session, name string) (*batchInput, error) {
	if info, err := os.Stat(name); name != "-" && err == nil && info.IsDir() {
		paths, skipped, err := batch.Folder(name)
		return &batchInput{batch.Files(paths), name, paths, skipped, func() error { return nil }}, err
	}
	r, err := input.OpenStream(name, s.Stdin)
	if err != nil {
		return nil, err
	}
	return &batchInput{Source: batch.Lines(name, r), name: name, close: r.Close}, nil
}

// sign signs the batch, and signs a checkpoint before the last of it is released.
func (in *batchInput) sign(ctx context.Context, s *session, o batch.Options) (int, error) {
	o.Cores = runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(o.Cores + 1)) // see batch.Options
	n, err := batch.Sign(ctx, in.Source, o)
	if err == nil && n == 0 {
		err = fault.New(fault.InputEmpty, "%s holds no statement", input.Display(in.name))
	}
	if err != nil {
		return 0, err
	}
	return n, s.trail.checkpoint()
}

// signInto writes all evidence into one output, which is there when all of it is.
func (f *batchFlags) signInto(ctx context.Context, s *session, in *batchInput, o batch.Options) (int, error) {
	out, err := f.sign.output.create(ctx, s, slices.Concat(f.sign.files(), in.paths, []string{in.name, s.trail.path})...)
	if err != nil {
		return 0, err
	}
	defer out.Abort()
	lines := 0
	o.Write = func(evidence []byte) error {
		if lines += bytes.Count(evidence, []byte("\n")); lines > bundle.MaxLines {
			return fault.New(fault.InputTooLarge, "a file of evidence has at most %d lines", bundle.MaxLines).
				WithHint("sign the statements in several batches, or into a folder: --output-dir DIR")
		}
		_, err := out.Write(evidence)
		return err
	}
	n, err := in.sign(ctx, s, o)
	if err != nil {
		return 0, err
	}
	return n, out.Commit()
}

// signIntoFolder writes one file for each statement, each of which is there whole
// or not at all.
func (f *batchFlags) signIntoFolder(ctx context.Context, s *session, in *batchInput, o batch.Options) (int, error) {
	inputs := append(f.sign.files(), in.name, s.trail.path) // a folder's files were looked at before
	o.Each = func(ctx context.Context, item batch.Item, evidence []byte) error {
		path := f.evidencePath(item)
		return atomicfile.WriteFile(ctx, path, evidence, atomicfile.Options{Force: f.sign.output.force, Inputs: inputs})
	}
	return in.sign(ctx, s, o)
}

// evidencePath is named after the statement's file, or its line.
func (f *batchFlags) evidencePath(item batch.Item) string {
	name := item.Name
	if item.Line > 0 {
		name = fmt.Sprintf("%06d", item.Line)
	}
	return filepath.Join(f.outputDir, evidenceName(name, f.sign.form()))
}

// checkOutputs refuses, before any key is used, a folder that is not there and
// files in it that are.
func (f *batchFlags) checkOutputs(paths []string) error {
	if f.outputDir == "" {
		return nil
	}
	switch info, err := os.Stat(f.outputDir); {
	case err == nil && !info.IsDir():
		return fault.New(fault.UsageInvalid, "output folder %q is a file and not a directory", f.outputDir).With("path", f.outputDir)
	case err != nil:
		return fault.New(fault.OutputFailed, "output folder %q is not there", f.outputDir).
			WithHint("make the directory first").With("path", f.outputDir)
	}
	for _, path := range paths {
		out := f.evidencePath(batch.Item{Name: path})
		if err := atomicfile.Check(out, atomicfile.Options{Force: f.sign.output.force, Inputs: paths}); err != nil {
			return err
		}
	}
	return nil
}

// batchResult says what was signed.
type batchResult struct {
	Statements int             `json:"statements"`
	Skipped    []batch.Skipped `json:"skipped,omitempty"`
	*sealedResult
}

// Text implements ui.Result.
func (r *batchResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T("signed "+plural(r.Statements, "statement")))
	p.Pairs(r.sealedResult.pairs(p)...)
}
