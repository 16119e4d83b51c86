package cli

import (
	"io/fs"
	"os"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/pkg/verify"
)

// What GitHub Actions tells the programs that it runs.
const (
	variableGitHub  = "GITHUB_ACTIONS"
	variableSummary = "GITHUB_STEP_SUMMARY"
)

// maxSummary is how much GitHub takes of all summaries of one step, in bytes.
const maxSummary = 1 << 20

// onGitHub reports whether a verdict is to be shown as GitHub Actions shows it.
func onGitHub(s *session) bool { return s.getenv(variableGitHub) == "true" && !s.config.NoGitHub }

// gitHub returns what shows a verdict in GitHub Actions, beside its rendering: the
// step's summary, and annotations on standard error, unless that is for a program.
func gitHub(s *session, format string) []report.Writer {
	if !onGitHub(s) {
		return nil
	}
	var out []report.Writer
	if path := s.getenv(variableSummary); path != "" {
		file := &summaryFile{path: path}
		out = append(out, &courtesy{report.NewMarkdown(file, file.room), s, "the step's summary"})
	}
	if !speaksJSON(format) {
		out = append(out, &courtesy{report.NewAnnotations(commands{s}), s, "annotations"})
	}
	return out
}

// courtesy is a rendering that nothing depends on: if it cannot be written, that is
// said, and the verdict and its exit status are the same.
type courtesy struct {
	report.Writer
	s    *session
	what string
}

// Close implements report.Writer.
func (c *courtesy) Close(whole *verify.Report) error {
	if err := c.Writer.Close(whole); err != nil {
		c.s.ui.Warn("%s could not be written: %s", c.what, err)
	}
	return nil
}

// commands are lines for the runner, encoded already.
type commands struct{ s *session }

func (c commands) Write(p []byte) (int, error) {
	c.s.ui.Err.Verbatim(string(p))
	return len(p), c.s.ui.Err.Flush()
}

// summaryFile is the step's summary, to which every command of the step appends.
type summaryFile struct{ path string }

// room returns how much may be appended.
func (f *summaryFile) room() (int, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fs.ErrInvalid
	}
	return maxSummary - int(min(info.Size(), maxSummary)), nil
}

func (f *summaryFile) Write(p []byte) (n int, err error) {
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return 0, err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	return file.Write(p)
}
