//go:build chromium

package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/testkit/chromium"
)

// BenchmarkInChromiumCaseFile opens a case file of as many findings as it describes,
// and waits until the first screen is painted. Beside the time by the clock it gives the
// processor time of the browser's thread, which is the same on a busy machine.
func BenchmarkInChromiumCaseFile(b *testing.B) {
	a := wholeCase()
	for i := range report.MaxCaseFindings {
		path := fmt.Sprintf("files/host/%d/%d", i%100, i)
		a.entry(path, 100, forensic.EntryChanged)
		a.whole.Results = append(a.whole.Results, failing(path, 0, "checksum", fault.SnapshotChecksum,
			"it has sha256:"+strings.Repeat("0d", 32)+", and the manifest says sha256:"+strings.Repeat("7e", 32)))
	}
	text := asCase(b, a)
	url := pageFile(b, string(text))
	browser := chromium.Start(b)
	browser.Open(url, chromium.Options{}).Close() // its own start is not measured
	cpu := 0.0
	for b.Loop() {
		p := browser.Open(url, chromium.Options{})
		p.Eval(`new Promise(done => requestAnimationFrame(() => setTimeout(() => done(0))))`, nil)
		fmt.Println(p.Metrics())
		cpu += p.Metrics()["ThreadTime"]
		p.Close()
	}
	b.ReportMetric(cpu/float64(b.N)*1000, "ms-cpu/op")
	b.ReportMetric(float64(len(text))/1e6, "MB")
}

// TestInChromiumCaseGallery leaves screenshots for people: they are looked at, not
// compared.
func TestInChromiumCaseGallery(t *testing.T) {
	require.NoError(t, os.MkdirAll(gallery, 0o755))
	b := chromium.Start(t)
	url := pageFile(t, string(asCase(t, wholeCase())))
	for view, options := range views() {
		p := b.Open(url, options)
		shot := p.Screenshot()
		assert.Greater(t, len(shot), 10_000)
		require.NoError(t, os.WriteFile(filepath.Join(gallery, "case-"+view+".png"), shot, 0o600))
		if view == "light" {
			require.NoError(t, os.WriteFile(filepath.Join(gallery, "case.pdf"), p.PDF(), 0o600))
		}
		p.Close()
	}
}
