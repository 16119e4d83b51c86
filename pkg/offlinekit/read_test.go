package offlinekit_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit"
)

func TestReadArchives(t *testing.T) {
	for _, f := range []archive.Format{archive.Tar, archive.Gzip, archive.Zstd} {
		k := small()
		packed := k.pack(t, f)
		assert.Equal(t, packed, small().pack(t, f), "same files, same bytes")
		s, c, err := read(t, packed)
		require.NoError(t, err)
		assert.Equal(t, k, s.files)
		assert.Equal(t, k.header(t).ManifestText(), c.ManifestText())
		assert.Equal(t, k.header(t).Statement, c.Statement)

		path := filepath.Join(t.TempDir(), "kit")
		require.NoError(t, os.WriteFile(path, packed, 0o600))
		s, _, err = readFrom(t, path, nil)
		require.NoError(t, err)
		assert.Equal(t, k, s.files)
	}
}

// unpack writes a kit to a directory.
func unpack(t *testing.T, k kit) string {
	t.Helper()
	dir := t.TempDir()
	for _, m := range k.members(t) {
		path := filepath.Join(dir, m.name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(m.content), 0o600))
	}
	return dir
}

func TestReadDirectory(t *testing.T) {
	k := small()
	dir := unpack(t, k)
	s, _, err := readFrom(t, dir, nil)
	require.NoError(t, err)
	assert.Equal(t, k, s.files)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "autorun.inf"), nil, 0o600))
	require.NoError(t, os.Remove(filepath.Join(dir, "oci", "index.json")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "payload", "documents", "empty"), []byte("x"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "START-HERE.txt"), []byte("BEGIN"), 0o600))
	require.NoError(t, os.Remove(filepath.Join(dir, "bin", "stella")))
	require.NoError(t, os.Symlink("/bin/true", filepath.Join(dir, "bin", "stella")))
	_, c, err := readFrom(t, dir, nil)
	assert.Equal(t, []string{
		"kit.mismatch START-HERE.txt", "kit.unlisted autorun.inf", "kit.malformed bin/stella", "kit.incomplete bin/stella", "kit.incomplete oci/index.json", "kit.mismatch payload/documents/empty",
	}, found(c))
	assert.Equal(t, fault.KitMismatch, fault.ReasonOf(err))
	assert.ErrorContains(t, err, "and 5 more")
}

func TestNoKit(t *testing.T) {
	empty := t.TempDir()
	for what, name := range map[string]string{"empty directory": empty, "file": writeTemp(t, "{}"), "empty file": writeTemp(t, ""), "other archive": writeTemp(t, string(tarOf(t, []member{{name: "a"}})))} {
		_, c, err := readFrom(t, name, nil)
		assert.Equal(t, fault.KitNotOne, fault.ReasonOf(err), "%s: %v", what, err)
		assert.Nil(t, c)
	}
	_, err := offlinekit.Open(filepath.Join(empty, "none"), nil)
	assert.Equal(t, fault.InputNotFound, fault.ReasonOf(err))
}

func writeTemp(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// TestArchiveAttacks changes one thing after the other in a good archive. What is wrong
// with one file is found, and all others are read nevertheless.
func TestArchiveAttacks(t *testing.T) {
	at := func(list []member, name string) int {
		return slices.IndexFunc(list, func(m member) bool { return m.name == name })
	}
	insert := func(before string, m member) func([]member) []member {
		return func(list []member) []member { return slices.Insert(list, at(list, before), m) }
	}
	set := func(name string, m member) func([]member) []member {
		return func(list []member) []member { list[at(list, name)] = m; return list }
	}
	for what, attack := range map[string]struct {
		change func([]member) []member
		want   []string
	}{
		"traversal":        {insert("oci/index.json", member{name: "../evil"}), []string{"archive.malformed ../evil"}},
		"absolute":         {insert("oci/index.json", member{name: "/etc/cron.d/evil"}), []string{"archive.malformed /etc/cron.d/evil"}},
		"backslashes":      {insert("oci/index.json", member{name: `..\evil`}), []string{`archive.malformed ..\evil`}},
		"drive":            {insert("oci/index.json", member{name: `C:evil`}), []string{`archive.malformed C:evil`}},
		"symbolic link":    {insert("oci/index.json", member{name: "a", kind: tar.TypeSymlink}), []string{"kit.malformed a"}},
		"hard link":        {insert("oci/index.json", member{name: "a", kind: tar.TypeLink}), []string{"kit.malformed a"}},
		"device":           {insert("oci/index.json", member{name: "a", kind: tar.TypeBlock}), []string{"kit.malformed a"}},
		"pipe":             {insert("oci/index.json", member{name: "a", kind: tar.TypeFifo}), []string{"kit.malformed a"}},
		"link for a file":  {set("bin/stella", member{name: "bin/stella", kind: tar.TypeSymlink}), []string{"kit.malformed bin/stella", "kit.incomplete bin/stella"}},
		"link for trust":   {set("trust/targets/ä.json", member{name: "trust", kind: tar.TypeSymlink}), []string{"kit.malformed trust", "kit.incomplete trust/targets/ä.json"}},
		"extra file":       {insert("oci/index.json", member{name: "evil"}), []string{"kit.unlisted evil"}},
		"other case":       {insert("oci/index.json", member{name: "bin/STELLA", content: "evil"}), []string{"kit.unlisted bin/STELLA"}},
		"dotted name":      {set("bin/stella", member{name: "./bin/stella", content: "#!stella"}), []string{"kit.unlisted ./bin/stella", "kit.incomplete bin/stella"}},
		"twice":            {insert("oci/index.json", member{name: "bin/stella", content: "evil"}), []string{"archive.malformed bin/stella"}},
		"larger":           {set("bin/stella", member{name: "bin/stella", content: "#!stella "}), []string{"kit.mismatch bin/stella"}},
		"smaller":          {set("bin/stella", member{name: "bin/stella"}), []string{"kit.mismatch bin/stella"}},
		"other content":    {set("bin/stella", member{name: "bin/stella", content: "#!Stella"}), []string{"kit.mismatch bin/stella"}},
		"missing":          {func(l []member) []member { i := at(l, "bin/stella"); return slices.Delete(l, i, i+1) }, []string{"kit.incomplete bin/stella"}},
		"last is missing":  {func(l []member) []member { return l[:len(l)-1] }, []string{"kit.incomplete payload/documents/empty"}},
		"extra at the end": {func(l []member) []member { return append(l, member{name: "z"}) }, []string{"kit.unlisted z"}},
		"reordered": {func(l []member) []member {
			i := at(l, "bin/stella")
			l[i], l[i+1] = l[i+1], l[i]
			return l
		}, []string{"kit.incomplete bin/stella", "kit.malformed bin/stella"}},
		"second manifest": {insert("oci/index.json", member{name: "./manifest.json"}), []string{"archive.malformed ./manifest.json"}},
		"late evidence":   {insert("oci/index.json", member{name: "statement.sigstore.json"}), []string{"kit.unlisted statement.sigstore.json"}},
	} {
		k := small()
		s, c, err := read(t, tarOf(t, attack.change(k.members(t))))
		require.Error(t, err, what)
		assert.Equal(t, attack.want, found(c), what)
		for name, content := range s.files {
			assert.Equal(t, k[name], content, "%s: %s", what, name)
		}
		assert.GreaterOrEqual(t, len(s.files), len(k)-1, what)
	}
}

// TestHeaderAttacks are refused before any entry is read.
func TestHeaderAttacks(t *testing.T) {
	many := []member{}
	for i := range offlinekit.MaxEvidence + 1 {
		many = append(many, member{name: "statement-" + string(rune('a'+i)) + ".sigstore.json"})
	}
	insert := func(i int, m ...member) func([]member) []member {
		return func(list []member) []member { return slices.Insert(list, i, m...) }
	}
	for what, attack := range map[string]struct {
		change func([]member) []member
		want   fault.Reason
	}{
		"no manifest":                 {func(l []member) []member { return l[1:] }, fault.KitNotOne},
		"manifest second":             {func(l []member) []member { l[0], l[1] = l[1], l[0]; return l }, fault.KitNotOne},
		"manifest is a link":          {func(l []member) []member { l[0].kind = tar.TypeSymlink; return l }, fault.KitMalformed},
		"manifest is too large":       {func(l []member) []member { l[0].content += strings.Repeat(" ", 64<<20); return l }, fault.KitMalformed},
		"statement is too large":      {func(l []member) []member { l[1].content += strings.Repeat(" ", 1<<20); return l }, fault.KitMalformed},
		"evidence without statement":  {func(l []member) []member { l[1].name = "statement.sigstore.json"; return l }, fault.KitMalformed},
		"evidence before statement":   {insert(1, member{name: "statement.sigstore.json"}), fault.KitMalformed},
		"evidence is not sorted":      {insert(2, member{name: "statement-b.sigstore.json"}, member{name: "statement-a.sigstore.json"}), fault.KitMalformed},
		"too many files of evidence":  {insert(2, many...), fault.KitMalformed},
		"statement is a pipe":         {func(l []member) []member { l[1].kind = tar.TypeFifo; return l }, fault.KitMalformed},
		"manifest of a future format": {func(l []member) []member { l[0].content = `{"format":"stella.ops/offlineKit@v9"}`; return l }, fault.KitFormat},
	} {
		s, c, err := read(t, tarOf(t, attack.change(small().members(t))))
		assert.Equal(t, attack.want, fault.ReasonOf(err), "%s: %v", what, err)
		assert.Nil(t, c, what)
		assert.Nil(t, s.header, what)
		assert.Empty(t, s.files, what)
	}
}

func TestEvidenceOnTheStatement(t *testing.T) {
	list := slices.Insert(small().members(t), 2, member{name: "statement-log.sigstore.json", content: "1"}, member{name: "statement.sigstore.json", content: "2"})
	s, _, err := read(t, tarOf(t, list))
	require.NoError(t, err)
	assert.Equal(t, []offlinekit.File{{Name: "statement-log.sigstore.json", Content: []byte("1")}, {Name: "statement.sigstore.json", Content: []byte("2")}}, s.header.Evidence)
}

func TestUnsignedKit(t *testing.T) {
	list := small().members(t)
	s, _, err := read(t, tarOf(t, slices.Delete(list, 1, 2)))
	require.NoError(t, err)
	assert.Nil(t, s.header.Statement)
}

// TestBombs are refused though the manifest lists them.
func TestBombs(t *testing.T) {
	k := kit{"payload/documents/zeros": strings.Repeat("\x00", 100<<20)}
	_, _, err := read(t, k.pack(t, archive.Zstd))
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
	_, _, err = read(t, k.pack(t, archive.Tar))
	assert.NoError(t, err)
}

// TestFlips flips a bit of each byte of a small kit. Either that is noticed, or what is
// read is the same as before: some bits of headers mean nothing.
func TestFlips(t *testing.T) {
	k := kit{"bin/stella": "#!stella", "trust/a": "trust"}
	for _, f := range []archive.Format{archive.Tar, archive.Gzip, archive.Zstd} {
		good := k.pack(t, f)
		noticed := 0
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << (i % 8)
			source, err := offlinekit.Open("-", bytes.NewReader(bad))
			require.NoError(t, err)
			j := &judge{keeper{files: kit{}}}
			if _, err := offlinekit.Read(t.Context(), source, j); err != nil {
				noticed++
				continue
			}
			require.Equal(t, k, j.files, "byte %d of format %d", i, f)
			require.Equal(t, string(k.header(t).ManifestText()), string(j.header.ManifestText()))
		}
		assert.Greater(t, noticed, len(good)/3, "format %d", f)
	}
}

func TestTruncated(t *testing.T) {
	for _, f := range []archive.Format{archive.Tar, archive.Gzip, archive.Zstd} {
		good := small().pack(t, f)
		end := len(good)
		if f == archive.Tar {
			end -= 1024 // zeros, which may be missing
		}
		for n := 0; n < end; n += 1 + end/400 {
			_, _, err := read(t, good[:n])
			require.Error(t, err, "%d of %d bytes of format %d", n, end, f)
			require.Contains(t, []fault.Reason{fault.KitIncomplete, fault.KitNotOne}, fault.ReasonOf(err), "%d of %d bytes of format %d: %v", n, end, f, err)
		}
		_, _, err := read(t, good[:end-1])
		assert.Equal(t, fault.KitIncomplete, fault.ReasonOf(err), "format %d", f)
	}
}

func TestTrailingData(t *testing.T) {
	good := small().pack(t, archive.Tar)
	for _, more := range []string{"x", strings.Repeat("\x00", 512) + "x", string(good)} {
		_, _, err := read(t, append(bytes.Clone(good), more...))
		assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err))
	}
	_, _, err := read(t, append(small().pack(t, archive.Gzip), "more"...))
	assert.Error(t, err)
	_, _, err = read(t, append(small().pack(t, archive.Zstd), "more"...))
	assert.Error(t, err)
}

// TestSinkRefuses ends the reading.
func TestSinkRefuses(t *testing.T) {
	mine := errors.New("mine")
	source, err := offlinekit.Open("-", bytes.NewReader(small().pack(t, archive.Tar)))
	require.NoError(t, err)
	_, err = offlinekit.Read(t.Context(), source, &keeper{files: kit{}, refused: mine})
	assert.Equal(t, mine, err)
}

func TestManyFindings(t *testing.T) {
	list := small().members(t)
	for range offlinekit.MaxFindings + 10 {
		list = append(list, member{name: "e" + strings.Repeat("e", len(list)%200) + string(rune('a'+len(list)/200))})
	}
	_, c, err := read(t, tarOf(t, list))
	require.Error(t, err)
	assert.Len(t, c.Findings, offlinekit.MaxFindings)
	assert.Positive(t, c.More)
}
