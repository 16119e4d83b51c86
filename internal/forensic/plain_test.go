package forensic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/pkg/verify"
)

// account is all that a verification tells.
type account struct {
	Verdict  *Verdict
	Results  []*verify.Result
	Ignored  []verify.Ignored
	Observed []string
	Failed   string
}

// Entry implements Observer.
func (a *account) Entry(e *Entry, s EntryStatus) error {
	a.Observed = append(a.Observed, fmt.Sprintf("%s: %+v", s, *e))
	return nil
}

// Event implements Observer.
func (a *account) Event(e *timeline.Event) error {
	a.Observed = append(a.Observed, fmt.Sprintf("event %d", e.Seq))
	return nil
}

// Checkpoint implements Observer.
func (a *account) Checkpoint(c *Checkpoint) error {
	a.Observed = append(a.Observed, fmt.Sprintf("%+v", *c))
	return nil
}

// account verifies the archive called name, or in stdin.
func (d *desk) account(name string, stdin io.Reader) account {
	d.t.Helper()
	list, in, err := Open(name, stdin)
	require.NoError(d.t, err)
	defer in.Close()
	return d.accountOf(list)
}

func (d *desk) accountOf(list archive.Members) account {
	var a account
	s := &seen{}
	v, err := Verify(d.t.Context(), list, VerifyOptions{Name: "snapshot", Policy: d.policy, Observer: &a}, s)
	a.Verdict, a.Results, a.Ignored = v, s.results, s.ignored
	if err != nil {
		a.Failed = err.Error()
	}
	return a
}

// largeCase is a case with files of all kinds that hashers read themselves, or do not.
func (d *desk) largeCase() members {
	inputs, tl := d.aCase()
	for i, size := range []int{0, 600, minSection - 1, minSection, 100_000, sectionBlock, sectionBlock + 1, 3*hashBlock + 7} {
		d.write(fmt.Sprintf("evidence/size/%d", i), strings.Repeat(fmt.Sprintf("\x80%d ", i), size)[:size])
	}
	d.write("evidence/size/list.json", "["+strings.Repeat(" ", 50_000)+"]")
	d.write("evidence/size/text.json", `{"a":"`+strings.Repeat("b", 50_000)+`"}`)
	d.attest("evidence/size/signed", "app", "the app")
	d.write("evidence/size/padded", strings.Repeat("\n", 400)+"{"+strings.Repeat(" ", 60_000)+d.read("evidence/size/signed")[1:])
	return d.snapshot(d.options(tl), inputs...)
}

func (d *desk) read(name string) string {
	d.t.Helper()
	b, err := os.ReadFile(d.path(name))
	require.NoError(d.t, err)
	return string(b)
}

// TestPlainIsAsStreamed holds the report on a plain archive in a file, whose members are read by
// who hashes them, to that on the same archive as a stream, and compressed: whole, and tampered
// with in many ways.
func TestPlainIsAsStreamed(t *testing.T) {
	d := newDesk(t)
	good := d.largeCase()
	const large, larger = "files/evidence/size/4", "files/evidence/size/7"
	flip := func(at int) func(string) string {
		return func(s string) string { b := []byte(s); b[at] ^= 1; return string(b) }
	}
	archives := map[string][]byte{
		"whole":            good.plain(),
		"first byte":       good.with(large, flip(0)).plain(),
		"behind the head":  good.with(large, flip(archive.HeadSize)).plain(),
		"last byte":        good.with(larger, flip(3*hashBlock+6)).plain(),
		"longer":           good.with(large, func(s string) string { return s + "x" }).plain(),
		"shorter":          good.with(large, func(s string) string { return s[:50_000] }).plain(),
		"emptied":          good.with(large, func(string) string { return "" }).plain(),
		"evidence instead": good.with(large, func(string) string { return d.read("evidence/size/padded") }).plain(),
		"removed":          good.without(large).plain(),
		"added":            append(slices.Clone(good), member{"files/evidence/zz", strings.Repeat("z", 70_000)}).plain(),
		"twice":            append(slices.Clone(good), good[good.index(large)]).plain(),
		"at the end":       append(good.without(large), good[good.index(large)]).plain(),
		"listed twice": good.with(ManifestName, func(s string) string {
			return strings.Replace(s, `"files/evidence/size/5"`, `"files/evidence/size/4"`, 1)
		}).plain(),
		"manifest malformed":    good.with(ManifestName, func(s string) string { return strings.Replace(s, `"files/evidence/size/5"`, `"files//size/5"`, 1) }).plain(),
		"refused":               append(slices.Clone(good), member{"../x", strings.Repeat("z", 70_000)}).plain(),
		"more behind the end":   append(good.plain(), "more"...),
		"padding":               append(good.plain(), make([]byte, 100_000)...),
		"header broken":         nil,
		"cut and out of order":  nil,
		"behind the end, zeros": append(good.plain(), append(make([]byte, 50_000), 1)...),
	}
	broken := good.plain()
	broken[bytes.Index(broken, []byte(larger+"\x00"))] ^= 1
	archives["header broken"] = broken
	mixed := good.with(ManifestName, func(s string) string { return strings.Replace(s, `"files/evidence/size/5"`, `"files/evidence/a"`, 1) }).plain()
	archives["cut and out of order"] = mixed[:bytes.Index(mixed, []byte(large+"\x00"))+600]
	whole := good.plain()
	for cut := len(whole) - 1; cut > 20_000; cut -= 41_017 {
		archives[fmt.Sprintf("cut at %d", cut)] = whole[:cut]
	}
	for name, text := range archives {
		t.Run(name, func(t *testing.T) {
			d.t = t
			in := d.account(d.write("plain.tar", string(text)), nil)
			assert.Equal(t, d.account("-", bytes.NewReader(text)), in)
			assert.Equal(t, d.account(d.write("plain.tar.gz", string(zipped(text))), nil), in)
			assert.Equal(t, name == "whole" || name == "padding", in.Verdict != nil && in.Verdict.Whole.Verified)
		})
	}
}

// TestPlainThatChanges has a file become shorter, and one that cannot be read, after its members
// were found: what is behind that place is missing, and said once.
func TestPlainThatChanges(t *testing.T) {
	d := newDesk(t)
	text := d.largeCase().plain()
	at := bytes.Index(text, []byte("files/evidence/size/4\x00"))
	disk := errors.New("input/output error")
	for name, tt := range map[string]struct {
		then error
		want string
	}{
		"shorter":    {io.EOF, "the archive ends early"},
		"unreadable": {disk, "input/output error"},
	} {
		t.Run(name, func(t *testing.T) {
			file := changing{text, int64(at) + 60_000, tt.then}
			a := d.accountOf(archive.ReadTarFile(file, int64(len(text))))
			assert.Equal(t, d.accountOf(archive.ReadTar(io.NewSectionReader(file, 0, int64(len(text))), archive.Tar)), a)
			require.NotNil(t, a.Verdict)
			assert.False(t, a.Verdict.Whole.Verified)
			var said []string
			for _, r := range a.Results {
				for _, c := range r.Checks {
					if c.Name == checkArchive {
						said = append(said, c.Message)
					}
				}
			}
			require.Len(t, said, 1)
			assert.Contains(t, said[0], `in "files/evidence/size/4"`)
			assert.Contains(t, said[0], tt.want)
		})
	}
}

// changing is a file of which nothing is to be had from a place on.
type changing struct {
	text []byte
	end  int64
	then error
}

// ReadAt implements io.ReaderAt.
func (c changing) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, c.text[min(off, c.end):c.end])
	if n < len(p) {
		return n, c.then
	}
	return n, nil
}

// TestPlainEnds ends while members that were found wait for those who hash them.
func TestPlainEnds(t *testing.T) {
	d := newDesk(t)
	list, in, err := Open(d.write("plain.tar", string(d.largeCase().plain())), nil)
	require.NoError(t, err)
	defer in.Close()
	ctx, cancel := context.WithCancel(t.Context())
	end := func(n int) {
		if n >= 3 { // the timeline was read
			cancel()
		}
	}
	_, err = Verify(ctx, list, VerifyOptions{Name: "snapshot", Policy: d.policy, Progress: end}, &seen{})
	require.ErrorIs(t, err, context.Canceled)
}
