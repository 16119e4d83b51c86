package report_test

import (
	"io"
	"testing"

	"github.com/stellaops/stella/internal/report"
)

// documents are the renderings that are one document.
func documents() map[string]func(t testing.TB, w io.Writer) report.Writer {
	return map[string]func(t testing.TB, w io.Writer) report.Writer{
		"json":  func(t testing.TB, w io.Writer) report.Writer { return report.NewJSON(t.Context(), w, options()) },
		"sarif": func(t testing.TB, w io.Writer) report.Writer { return report.NewSARIF(t.Context(), w, options()) },
		"junit": func(t testing.TB, w io.Writer) report.Writer { return report.NewJUnit(t.Context(), w) },
		"html":  func(t testing.TB, w io.Writer) report.Writer { return report.NewPage(t.Context(), w, options()) },
	}
}
