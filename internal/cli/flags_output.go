package cli

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
)

// outputFlags are the flags of a command that writes one artefact.
type outputFlags struct {
	path  string
	force bool
}

// AddFlags registers the flags.
func (f *outputFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringVarP(&f.path, "output", "o", "", "write to `FILE` instead of standard output (-)")
	f.addForce(fs)
}

func (f *outputFlags) addForce(fs *pflag.FlagSet) {
	fs.BoolVar(&f.force, "force", false, "replace an output that exists")
}

// onStdout reports whether the artefact goes to standard output.
func (f *outputFlags) onStdout() bool { return f.path == "" || f.path == "-" }

// shown is how a result calls the output.
func (f *outputFlags) shown() string {
	if f.onStdout() {
		return "-"
	}
	return f.path
}

// requireName refuses to put an artefact on a terminal unless -o - says so.
// suggestion is the name that the hint proposes.
func (f *outputFlags) requireName(s *session, suggestion string) error {
	if f.path != "" || s.StdoutWidth == 0 {
		return nil
	}
	return fault.New(fault.OutputRequired, "the output would go to the terminal").
		WithHint("say where it shall go: -o %s", suggestion)
}

// create starts the artefact. inputs are the files that the command reads;
// the output must be none of them. The caller defers Abort and ends with
// Commit.
func (f *outputFlags) create(ctx context.Context, s *session, inputs ...string) (atomicfile.Output, error) {
	if f.onStdout() && s.StdoutClosed {
		return nil, fault.New(fault.OutputFailed, "failed to write to standard output: it is closed").
			WithHint("name a file with -o")
	}
	if f.onStdout() {
		return atomicfile.Stdout(ctx, s.Stdout), nil
	}
	return atomicfile.Create(ctx, f.path, atomicfile.Options{Force: f.force, Inputs: inputs})
}

// show shows the result on the stream that the artefact does not use.
func (f *outputFlags) show(s *session, r ui.Result) error {
	if f.onStdout() {
		return s.ui.ShowAside(r)
	}
	return s.ui.Show(r)
}
