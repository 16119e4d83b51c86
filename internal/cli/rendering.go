package cli

import (
	"cmp"
	"context"
	"io"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/internal/version"
)

// The formats of a verdict beside those that every result has, and ndjson.
const (
	formatSARIF = "sarif"
	formatJUnit = "junit"
	formatHTML  = "html"
)

// verdictFormats are the formats of a verdict.
func verdictFormats() []string {
	return slices.Concat(formats(), []string{formatNDJSON, formatSARIF, formatJUnit, formatHTML})
}

// speaksJSON reports whether standard error, too, is read by a program: failures
// and warnings are then JSON objects.
func speaksJSON(format string) bool { return format == formatJSON || format == formatNDJSON }

// renderingFlags say how a verdict is rendered, and where to.
type renderingFlags struct {
	output outputFlags
}

// AddFlags registers the flags.
func (f *renderingFlags) AddFlags(fs *pflag.FlagSet) {
	fs.Var(newChoice(formatText, verdictFormats()...), keyFormat, "how the verdict is rendered: `text|json|ndjson|sarif|junit|html`")
	f.addOutput(fs)
}

// addOutput registers the flags that say where the rendering goes.
func (f *renderingFlags) addOutput(fs *pflag.FlagSet) {
	fs.StringVarP(&f.output.path, "output", "o", "", "write the rendering to `FILE`, and the text to standard output")
	f.output.addForce(fs)
	fs.Bool(keyNoGitHub, false, "in GitHub Actions, write no summary and no annotations")
}

// open starts the rendering of a verdict over what the user named. With a file
// to go to, the text goes to standard output as well. The caller defers Abort.
func (f *renderingFlags) open(ctx context.Context, s *session, inputs, reservations []string) (report.Writer, error) {
	return f.openDocument(document{ctx: ctx, s: s, inputs: inputs, named: namedWords(inputs), reservations: reservations})
}

// openDocument is open for any kind of verdict.
func (f *renderingFlags) openDocument(d document) (report.Writer, error) {
	s := d.s
	said := cmp.Or(s.config.Format, formatText)
	format, shown := said, formatText
	if d.page != nil {
		format, shown = formatHTML, said
	}
	if f.output.onStdout() {
		if format == formatHTML {
			if err := f.output.requireName(s, cmp.Or(d.suggested, "report.html")); err != nil {
				return nil, err
			}
		}
		d.ascii = s.ui.Out.ASCIIOnly()
		beside := gitHub(s, said)
		d.alone = len(beside) == 0
		return report.Tee(append(beside, d.in(format, s.ui.Out, standardOutput{s.Stdout}))...), nil
	}
	out, err := atomicfile.Create(d.ctx, f.output.path, atomicfile.Options{Force: f.output.force, Inputs: d.inputs, Below: append(s.basis(), d.below...)})
	if err != nil {
		return nil, err
	}
	plain := ui.New(ui.Options{Stdout: out, Getenv: s.getenv, NoColor: true}).Out
	file := report.Into(out, d.in(format, plain, out))
	return report.Tee(append(gitHub(s, said), file, d.in(shown, s.ui.Out, standardOutput{s.Stdout}))...), nil
}

// namedWords say what the user named.
func namedWords(inputs []string) string {
	for _, name := range inputs {
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			return plural(len(inputs), "input")
		}
	}
	return plural(len(inputs), "file")
}

// document is what all renderings of one verdict have in common.
type document struct {
	ctx          context.Context
	s            *session
	inputs       []string
	below        []string // directories that the verdict rests on and that nobody named
	named        string
	reservations []string
	ascii        bool
	alone        bool // nobody else gets the results
	// json returns the rendering as one JSON object; nil for that of verify.
	json func(ctx context.Context, w io.Writer, o report.Options) report.Writer
	// page returns the rendering as HTML, which is then the one that is asked for, and
	// suggested is a name for it; nil for the page of verify where --format asks for that.
	page      func(ctx context.Context, w io.Writer, o report.Options) report.Writer
	suggested string
}

// in returns the rendering in a format: text to p, everything else to w.
func (d *document) in(format string, p *ui.Printer, w io.Writer) report.Writer {
	o := report.Options{Version: version.Read(nil).Version, Inputs: d.inputs, ASCII: d.ascii, ProblemsOnly: onGitHub(d.s)}
	switch {
	case format == formatJSON && d.json != nil:
		return d.json(d.ctx, w, o)
	case format == formatJSON:
		return report.NewJSON(d.ctx, w, o)
	case format == formatNDJSON:
		return report.NewLines(w, o)
	case format == formatSARIF:
		return report.NewSARIF(d.ctx, w, o)
	case format == formatJUnit:
		return report.NewJUnit(d.ctx, w)
	case format == formatHTML && d.page != nil:
		return d.page(d.ctx, w, o)
	case format == formatHTML:
		return report.NewPage(d.ctx, w, o)
	}
	text := newVerdictText(p, d.s.command, d.named, d.reservations, d.s.ui.Verbose())
	text.alone = d.alone
	return text
}

// standardOutput makes a failure to write one that says where.
type standardOutput struct{ w io.Writer }

func (o standardOutput) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		return n, atomicfile.WriteFailed("standard output", err)
	}
	return n, nil
}
