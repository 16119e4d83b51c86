package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit"
)

// kitOutput is a kit that is being written, and checked while it is: an archive by who
// reads it as it goes to disk, a directory when it is complete.
type kitOutput struct {
	path      string
	file      atomicfile.Output     // of an archive
	directory *atomicfile.Directory // or of a directory

	ctx     context.Context
	now     time.Time
	archive *archive.Writer
	pipe    *pipe
	checked chan kitChecked
}

type kitChecked struct {
	verdict *offlinekit.Verdict
	err     error
}

// refuse refuses outputs that create would, before anything is read or signed.
func (o *kitBuildOptions) refuse(s *session, p *offlinekit.Plan) error {
	if o.unsigned != "" {
		if err := atomicfile.Check(o.unsigned, o.unsignedOptions()); err != nil {
			return err
		}
	}
	switch path := o.output.path; {
	case archive.FormatOfName(path) != archive.None:
		return atomicfile.Check(path, o.archiveOptions(s, p))
	case o.output.force:
		return fault.New(fault.UsageInvalid, "--force replaces an archive, and %q would be a directory", path).
			WithHint("name a directory that is not there yet, or an archive: .tar.zst, .tar.gz or .tar")
	default:
		return atomicfile.CheckDirectory(path)
	}
}

// create starts the output that the flags name.
func (o *kitBuildOptions) create(ctx context.Context, s *session, p *offlinekit.Plan) (*kitOutput, error) {
	if err := o.refuse(s, p); err != nil {
		return nil, err
	}
	out := &kitOutput{path: o.output.path}
	var err error
	if archive.FormatOfName(out.path) == archive.None {
		out.directory, err = atomicfile.NewDirectory(nil, out.path)
	} else {
		out.file, err = atomicfile.Create(ctx, out.path, o.archiveOptions(s, p))
	}
	return out, err
}

// unsignedOptions say how the statement for others to sign is written.
func (o *kitBuildOptions) unsignedOptions() atomicfile.Options {
	return atomicfile.Options{Force: o.output.force, Inputs: []string{o.output.path}}
}

// archiveOptions say how an archive is written, and that it may replace no input.
func (o *kitBuildOptions) archiveOptions(s *session, p *offlinekit.Plan) atomicfile.Options {
	inputs := append(o.sign.files(), o.from, o.statement, o.unsigned)
	if p != nil {
		inputs = slices.Concat(inputs, p.Evidence, p.SBOMs, p.Reports, p.Policies, p.Documents, p.Images, []string{p.Trust})
	}
	if s.trail != nil {
		inputs = append(inputs, s.trail.path)
	}
	inputs = slices.DeleteFunc(inputs, func(name string) bool { return name == "" || name == "-" })
	return atomicfile.Options{Force: o.output.force, Inputs: inputs}
}

// open returns where the files go. m is the kit's manifest.
func (o *kitOutput) open(ctx context.Context, m *offlinekit.Manifest, now time.Time) (offlinekit.Target, error) {
	o.ctx, o.now = ctx, now
	if o.directory != nil {
		return o.directory, nil
	}
	between := newPipe(pipeSize)
	o.pipe, o.checked = between, make(chan kitChecked, 1)
	go func() {
		verdict, err := offlinekit.Check(ctx, offlinekit.NewSource(o.path, between), offlinekit.CheckOptions{Now: now, CheckPolicy: checkPolicy})
		between.refuse(errors.Join(errCheckEnded, err)) // what is written then has no reader
		o.checked <- kitChecked{verdict, err}
	}()
	var err error
	o.archive, err = archive.NewWriter(io.MultiWriter(o.file, between), archive.FormatOfName(o.path), m.CreatedAt)
	return o.archive, err
}

// errCheckEnded is what writing fails with after the check has failed.
var errCheckEnded = errors.New("the check of the kit has ended")

// close ends what open began, and returns what the check found.
func (o *kitOutput) close() (*offlinekit.Verdict, error) {
	if o.directory != nil {
		return o.checkDirectory()
	}
	err := o.archive.Close()
	return o.wait(err)
}

// wait ends the check. failed is what writing failed with.
func (o *kitOutput) wait(failed error) (*offlinekit.Verdict, error) {
	o.pipe.end(failed)
	done := <-o.checked
	o.pipe = nil
	if failed != nil && !errors.Is(failed, errCheckEnded) {
		return nil, failed
	}
	return done.verdict, done.err
}

func (o *kitOutput) checkDirectory() (*offlinekit.Verdict, error) {
	source, err := offlinekit.Open(o.directory.Path(), nil)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	return offlinekit.Check(o.ctx, source, offlinekit.CheckOptions{Now: o.now, CheckPolicy: checkPolicy})
}

// written has write write the kit, and returns what the check found.
func (o *kitOutput) written(ctx context.Context, m *offlinekit.Manifest, now time.Time, write func(offlinekit.Target) error) (*offlinekit.Verdict, error) {
	t, err := o.open(ctx, m, now)
	if err != nil {
		return nil, err
	}
	if err := write(t); err != nil {
		if o.pipe != nil {
			return o.wait(err)
		}
		return nil, err
	}
	return o.close()
}

func (o *kitOutput) commit() error {
	if o.directory != nil {
		return o.directory.Commit()
	}
	return o.file.Commit()
}

// abort throws away what was not committed.
func (o *kitOutput) abort() {
	switch {
	case o.pipe != nil:
		_, _ = o.wait(errors.New("the kit was given up"))
		fallthrough
	case o.file != nil:
		o.file.Abort()
	case o.directory != nil:
		o.directory.Abort()
	}
}
