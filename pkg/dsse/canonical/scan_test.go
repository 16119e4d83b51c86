package canonical_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plan is a Visitor that does to a path what it says, and writes a line for
// each call.
type plan struct {
	actions map[string]canonical.Action
	log     []string
	stop    error
}

func (p *plan) Visit(path []byte, kind canonical.Kind) canonical.Action {
	p.log = append(p.log, fmt.Sprintf("visit %s %s", path, kind))
	return p.actions[string(path)]
}

func (p *plan) Value(path []byte, v canonical.Value) error {
	p.log = append(p.log, fmt.Sprintf("value %s %s at %d+%d count %d %q", path, v.Kind, v.Offset, v.Size, v.Count, v.Data))
	return p.stop
}

func TestScanVisitor(t *testing.T) {
	src := `{"bomFormat": "Cyclone\u0044X\n", "n": -1.5e400, "no": null, "skipped": {"deep": [1,{"x":2}]},
 "components": [{"a":1},{"a":2}, 3], "metadata": {"component": {"name" : "x", "b":[1]}, "a/b": true}, "list": [ "p", ["q"] ]}`
	p := &plan{actions: map[string]canonical.Action{
		"": canonical.Enter, "/bomFormat": canonical.Text, "/n": canonical.Text, "/no": canonical.Text,
		"/components": canonical.Count, "/metadata": canonical.Enter, "/metadata/component": canonical.Raw,
		"/metadata/a~1b": canonical.Raw, "/list": canonical.Enter, "/list/0": canonical.Raw, "/list/1": canonical.Text,
	}}
	n, err := canonical.Scan(strings.NewReader(src), p)
	require.NoError(t, err)
	assert.Equal(t, int64(len(src)), n)
	at := func(s string) int { return strings.Index(src, s) }
	assert.Equal(t, []string{
		"visit  object",
		"visit /bomFormat string",
		fmt.Sprintf(`value /bomFormat string at %d+18 count 0 "CycloneDX\n"`, at(`"Cyc`)),
		"visit /n number",
		fmt.Sprintf(`value /n number at %d+8 count 0 "-1.5e400"`, at("-1.5")),
		"visit /no null",
		fmt.Sprintf(`value /no null at %d+4 count 0 "null"`, at("null")),
		"visit /skipped object",
		"visit /components array",
		fmt.Sprintf(`value /components array at %d+20 count 3 ""`, at(`[{"a"`)),
		"visit /metadata object",
		"visit /metadata/component object",
		fmt.Sprintf(`value /metadata/component object at %d+23 count 2 %q`, at(`{"name"`), `{"name" : "x", "b":[1]}`),
		"visit /metadata/a~1b boolean",
		fmt.Sprintf(`value /metadata/a~1b boolean at %d+4 count 0 "true"`, at("true")),
		fmt.Sprintf(`value /metadata object at %d+51 count 2 ""`, at(`{"component"`)),
		"visit /list array",
		"visit /list/0 string",
		fmt.Sprintf(`value /list/0 string at %d+3 count 0 "\"p\""`, at(`"p"`)),
		"visit /list/1 array",
		fmt.Sprintf(`value /list/1 array at %d+5 count 1 ""`, at(`["q"]`)),
		fmt.Sprintf(`value /list array at %d+14 count 2 ""`, at(`[ "p"`)),
		fmt.Sprintf(`value  object at 0+%d count 7 ""`, len(src)),
	}, p.log)
}

func TestScanStops(t *testing.T) {
	stop := errors.New("seen enough")
	p := &plan{actions: map[string]canonical.Action{"": canonical.Enter, "/a": canonical.Text}, stop: stop}
	_, err := canonical.Scan(strings.NewReader(`{"a":"x","b":"y"}`), p)
	assert.ErrorIs(t, err, stop)
	assert.Len(t, p.log, 3)
}

func TestScanReadError(t *testing.T) {
	broken := errors.New("device gone")
	for _, src := range []string{"", "1", `{"a":1}`, `{"a":`, `{"a":"x`} {
		p := &plan{actions: map[string]canonical.Action{"": canonical.Raw}}
		_, err := canonical.Scan(io.MultiReader(strings.NewReader(src), iotest.ErrReader(broken)), p)
		assert.ErrorIs(t, err, broken, "after %q", src)
	}
}

func TestScanCaptureLimits(t *testing.T) {
	for _, row := range []struct {
		action canonical.Action
		limit  int
	}{{canonical.Text, canonical.MaxText}, {canonical.Raw, canonical.MaxRaw}} {
		for _, over := range []int{0, 1, 1 << 20} {
			value := `"` + strings.Repeat("x", row.limit-2+over) + `"`
			p := &plan{actions: map[string]canonical.Action{"": canonical.Enter, "/a": row.action}}
			_, err := canonical.Scan(strings.NewReader(`{"a":`+value+`}`), p)
			if over == 0 {
				assert.NoError(t, err)
				continue
			}
			assert.Contains(t, syntaxError(t, err).Message, fmt.Sprintf("string is larger than the limit of %d bytes", row.limit))
			assert.Equal(t, "/a", syntaxError(t, err).Path)
			assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
		}
	}
}

// windowSize is the size of Scan's window, where its work is interrupted.
const windowSize = 256 << 10

// TestScanAcrossWindows puts every byte of every text of this file's tables
// at the end of the window: there the result must be as anywhere else.
func TestScanAcrossWindows(t *testing.T) {
	texts := []string{
		`{"n": -12.5e+10, "s": "plain \u00e9é€\ud83d\ude00\n` + "\U0001f600" + `", "longer name than fifteen": [true,false,null, 0], "\u0061": {}}`,
	}
	for _, row := range refusals() {
		if len(row.src) < 100 && row.reason == "" {
			texts = append(texts, row.src)
		}
	}
	for _, text := range texts {
		_, want := canonical.Parse([]byte(text), canonical.Options{})
		for before := range len(text) + 1 {
			src := strings.Repeat(" ", windowSize-before) + text
			_, got := canonical.Scan(strings.NewReader(src), nil)
			if want == nil {
				require.NoError(t, got, "%q split at %d", text, before)
				continue
			}
			w, g := *syntaxError(t, want), *syntaxError(t, got)
			w.Offset += int64(windowSize - before)
			require.Equal(t, w, g, "%q split at %d", text, before)
		}
	}
}

// TestScanCapturesAcrossWindows captures values that the window leaves behind.
func TestScanCapturesAcrossWindows(t *testing.T) {
	value := `{"s": "` + strings.Repeat("é\\u0041", 300) + `"}`
	for before := 0; before <= len(value)+10; before += 7 {
		pad := strings.Repeat(" ", windowSize-before)
		p := &plan{actions: map[string]canonical.Action{"": canonical.Enter, "/a": canonical.Raw, "/b": canonical.Text}}
		_, err := canonical.Scan(strings.NewReader(`{`+pad+`"a":`+value+`,`+pad+`"b":`+value[6:len(value)-1]+`}`), p)
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(p.log[2], fmt.Sprintf("%q", value)), "split at %d", before)
		require.True(t, strings.HasSuffix(p.log[4], fmt.Sprintf("%q", strings.Repeat("éA", 300))), "split at %d", before)
	}
}

func TestScanSlowReaders(t *testing.T) {
	src := sbom(300<<10, true)
	for name, r := range map[string]io.Reader{
		"one byte":  iotest.OneByteReader(bytes.NewReader(src)),
		"half":      iotest.HalfReader(bytes.NewReader(src)),
		"data, EOF": iotest.DataErrReader(bytes.NewReader(src)),
	} {
		n, err := canonical.Scan(r, nil)
		require.NoError(t, err, name)
		assert.Equal(t, int64(len(src)), n)
	}
}

// recogniser is what a document's kind is told from.
type recogniser struct {
	format, version string
	components      int
}

func (r *recogniser) Visit(path []byte, kind canonical.Kind) canonical.Action {
	switch string(path) {
	case "":
		return canonical.Enter
	case "/bomFormat", "/specVersion":
		return canonical.Text
	case "/components":
		return canonical.Count
	}
	return canonical.Skip
}

func (r *recogniser) Value(path []byte, v canonical.Value) error {
	switch string(path) {
	case "/bomFormat":
		r.format = string(v.Data)
	case "/specVersion":
		r.version = string(v.Data)
	case "/components":
		r.components = v.Count
	}
	return nil
}

func TestScanRealDocument(t *testing.T) {
	f, err := os.Open(testkit.SharedData(t, "sbom/cyclonedx/keycloak-10.0.2.cdx.json"))
	require.NoError(t, err)
	defer f.Close()
	var r recogniser
	n, err := canonical.Scan(f, &r)
	require.NoError(t, err)
	info, err := f.Stat()
	require.NoError(t, err)
	assert.Equal(t, info.Size(), n)
	assert.Equal(t, recogniser{"CycloneDX", r.version, 903}, r)
}

// TestScanTakesRealDocuments: every document at hand.
func TestScanTakesRealDocuments(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testkit.SharedData(t, "."), "*", "*", "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 15)
	for _, path := range paths {
		f, err := os.Open(path)
		require.NoError(t, err)
		_, err = canonical.Scan(f, nil)
		assert.NoError(t, err, path)
		f.Close()
	}
}
