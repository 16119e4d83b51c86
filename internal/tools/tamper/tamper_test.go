package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/report"
)

func newObject(ctx context.Context, w io.Writer) *report.SnapshotJSON {
	return report.NewSnapshotJSON(ctx, w, report.Options{})
}

// withoutVerdict is what is printed where there is none.
func withoutVerdict(err error) (text string, exit int) {
	reason := fault.ReasonOf(err)
	return fmt.Sprintf(`{"error":{"code":%d,"reason":%q}}`, reason.Exit(), reason), reason.Exit()
}

// TestEachIsFound has the verifier judge each tampering, and holds it to the table: as the
// story does between two machines.
func TestEachIsFound(t *testing.T) {
	s := newScene(t)
	dir := t.TempDir()
	require.NoError(t, s.tamper("-all", s.path("case-7.tar.gz"), dir))
	for _, tampering := range append(tamperings(), untouched()) {
		path := filepath.Join(dir, tampering.name)
		text, exit := s.verify(t.Context(), path+".tar.gz")
		require.NoError(t, os.WriteFile(path+".json", []byte(text), 0o600))
		require.NoError(t, os.WriteFile(path+".status", fmt.Appendln(nil, exit), 0o600))
	}
	var said bytes.Buffer
	require.NoError(t, run([]string{"-judge", dir}, &said))
	assert.Contains(t, said.String(), "file-bit → snapshot.checksum at files/case/notes.txt\n")
	assert.Contains(t, said.String(), "untouched → verified\n")
	assert.Contains(t, said.String(), fmt.Sprintf("\n%[1]d of %[1]d tamperings found, each named at its place\n", len(tamperings())))
}

// TestEachChanges reads what each tampering leaves as any program would: whatever is not
// done to the archive itself leaves one that can be read, with other members.
func TestEachChanges(t *testing.T) {
	s := newScene(t)
	out := s.path("out.tar.gz")
	require.NoError(t, s.tamper("untouched", s.path("case-7.tar.gz"), out))
	untouched := contents(t, out)
	assert.Equal(t, contents(t, s.path("case-7.tar.gz")), untouched)
	for _, tampering := range tamperings() {
		if strings.HasPrefix(tampering.name, "archive-") && tampering.name != "archive-order" {
			continue
		}
		require.NoError(t, s.tamper(tampering.name, s.path("case-7.tar.gz"), out))
		assert.NotEqual(t, untouched, contents(t, out), tampering.name)
	}
}

// TestArchives looks at what is done to the archive itself. The bomb, which takes long to
// pack, is left to TestEachIsFound.
func TestArchives(t *testing.T) {
	s := newScene(t)
	plain := func(name string) ([]byte, error) {
		out := s.path("out.tar.gz")
		require.NoError(t, s.tamper(name, s.path("case-7.tar.gz"), out))
		f, err := os.Open(out)
		require.NoError(t, err)
		defer f.Close()
		zip, err := gzip.NewReader(f)
		require.NoError(t, err)
		return io.ReadAll(zip)
	}
	good, err := plain("untouched")
	require.NoError(t, err)
	for name, holds := range map[string]func(b []byte, err error) bool{
		"archive-truncated":      func(b []byte, err error) bool { return err == nil && bytes.HasPrefix(good, b) && len(b) < len(good) },
		"archive-file-truncated": func(_ []byte, err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) },
		"archive-trailing":       func(_ []byte, err error) bool { return err != nil },
		"archive-hidden":         func(b []byte, err error) bool { return err == nil && string(b) == string(good)+"hidden" },
		"archive-second":         func(b []byte, err error) bool { return err == nil && string(b) == string(good)+string(good) },
		"archive-size":           func(b []byte, err error) bool { return err == nil && len(b) == len(good) && !bytes.Equal(b, good) },
	} {
		assert.True(t, holds(plain(name)), name)
	}
}

// contents are the members of an archive as a reader that takes all of them has them.
func contents(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	zip, err := gzip.NewReader(f)
	require.NoError(t, err)
	r := tar.NewReader(zip)
	var all []string
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		all = append(all, fmt.Sprintf("%s %c %s %s", h.Name, h.Typeflag, h.Linkname, b))
	}
}

// TestChained leaves a timeline as it is that nobody changed, so that what it makes of a
// changed one is what its writer would have made.
func TestChained(t *testing.T) {
	s := newScene(t)
	events := slices.Collect(strings.Lines(s.read("case.ndjson")))
	assert.Equal(t, events, chained(events))
	n, hash := head(s.read("case.ndjson"))
	assert.EqualValues(t, 5, n)
	assert.Equal(t, hashOf(events[4]), hash)
	dated := datedLike(events[4], events[0])
	assert.Equal(t, textOf(events[0], "timestamp"), textOf(dated, "timestamp"))
	assert.NotEqual(t, textOf(events[0], "event_id"), textOf(dated, "event_id"))
}

// TestTreeHash is that of RFC 6962: as certificate-transparency-go's test data have it.
func TestTreeHash(t *testing.T) {
	assert.Equal(t, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", fmt.Sprintf("%x", treeHash([]string{""})))
	leaves := []string{"", "\x00", "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43", "\x50\x51\x52\x53\x54\x55\x56\x57", "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"}
	assert.Equal(t, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", fmt.Sprintf("%x", treeHash(leaves[:3])))
	assert.Equal(t, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", fmt.Sprintf("%x", treeHash(leaves)))
}

// TestJudge refuses what is not said, and what is said besides.
func TestJudge(t *testing.T) {
	says := func(exit int, findings ...finding) *verdict {
		v := &verdict{Exit: exit, Status: "failed"}
		for _, f := range findings {
			member, line, _ := strings.Cut(f.place, ":")
			n := 0
			if line != "" {
				_, err := fmt.Sscan(line, &n)
				require.NoError(t, err)
			}
			v.Results = append(v.Results, result{member, n, []check{{"passed", ""}, {"failed", f.reason}}})
		}
		return v
	}
	bit, err := find("file-bit")
	require.NoError(t, err)
	found := at(fault.SnapshotChecksum, notes)
	require.NoError(t, bit.check(says(3, found), 3))
	require.NoError(t, bit.check(says(3, found, found), 3))
	for name, tt := range map[string]struct {
		v      *verdict
		status int
		want   string
	}{
		"nothing found":        {says(0), 0, "exit status"},
		"other status":         {says(3, found), 0, "exit status"},
		"other status in JSON": {says(4, found), 3, "exit status"},
		"other reason":         {says(3, at(fault.SnapshotOrder, notes)), 3, "not found"},
		"other place":          {says(3, at(fault.SnapshotChecksum, scanLog)), 3, "not found"},
		"a line":               {says(3, at(fault.SnapshotChecksum, notes+":3")), 3, "not found"},
		"more":                 {says(3, found, at(fault.SnapshotRoot, checksumsFile)), 3, "said besides: snapshot.root at checksums.txt"},
	} {
		assert.ErrorContains(t, bit.check(tt.v, tt.status), tt.want, name)
	}
	assert.Error(t, untouched().check(says(3, found), 3))
	assert.ErrorContains(t, untouched().check(says(0), 0), `want "verified"`)
	require.NoError(t, untouched().check(&verdict{Status: "verified"}, 0))
	assert.ErrorContains(t, bit.check(&verdict{Status: "verified", Exit: 3}, 3), `want "failed"`)

	dir := t.TempDir()
	assert.ErrorContains(t, judge(dir, &bytes.Buffer{}), "file-bit: open ")
}

func TestRefuses(t *testing.T) {
	s := newScene(t)
	in, out := s.path("case-7.tar.gz"), s.path("out.tar.gz")
	assert.ErrorContains(t, s.tamper("no-such", in, out), `there is no tampering "no-such"`)
	assert.ErrorContains(t, run([]string{"signed-by-revoked", in, out}, &bytes.Buffer{}), "old-lab.key")
	assert.ErrorContains(t, run([]string{"signature-of-other-case", in, out}, &bytes.Buffer{}), "no other snapshot")
	assert.Error(t, run([]string{"file-bit", s.path("absent"), out}, &bytes.Buffer{}))
	assert.ErrorContains(t, run([]string{in, out}, &bytes.Buffer{}), "want -page")
	assert.NoFileExists(t, out)
	require.NoError(t, s.tamper("file-gone", in, out))
	assert.ErrorContains(t, s.tamper("file-bit", out, out+"2"), "the snapshot has no "+notes)
}

// TestPage holds the page to the table, and the table to what a table is.
func TestPage(t *testing.T) {
	committed, err := os.ReadFile("../../../docs/tamperings.md")
	require.NoError(t, err)
	assert.Equal(t, string(committed), string(page()), "run go generate ./internal/tools/tamper")
	names := make(map[string]bool)
	for _, tampering := range tamperings() {
		assert.False(t, names[tampering.name], tampering.name)
		names[tampering.name] = true
		assert.NotEmpty(t, tampering.says, tampering.name)
		assert.NotZero(t, tampering.exit, tampering.name)
		for _, f := range tampering.says {
			assert.NotEmpty(t, f.reason.Meaning(), "%s: %s", tampering.name, f.reason)
		}
	}
	assert.GreaterOrEqual(t, len(names), 40)
}
