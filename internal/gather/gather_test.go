package gather_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// list is what inputs give, a line for each piece: where it is, and its content or
// why there is none.
func list(t *testing.T, in *gather.Inputs, again bool) []string {
	t.Helper()
	out := []string{}
	var kept []verify.Piece
	for p := range in.Pieces(t.Context(), again) {
		if p.End {
			assert.True(t, p.Named, "what ends was named")
			continue
		}
		if again {
			assert.Nil(t, p.Content, "what is opened again comes closed")
		}
		out = append(out, describe(t, in, p))
		kept = append(kept, p)
	}
	if again {
		second := []string{}
		for _, p := range kept {
			second = append(second, describe(t, in, p))
		}
		assert.Equal(t, out, second, "all pieces can be opened again")
	}
	return out
}

func describe(t *testing.T, in *gather.Inputs, p verify.Piece) string {
	t.Helper()
	where := p.Name
	if p.Member != "" {
		where += "!" + p.Member
	}
	if p.Line > 0 {
		where += fmt.Sprintf(":%d", p.Line)
	}
	if p.Named {
		where += " (named)"
	}
	c, err := p.Content, p.Err
	if c == nil && err == nil {
		c, err = in.Open(&p)
		require.Equal(t, err == nil, c != nil, "what could not be opened is nothing to close")
	}
	if ignored, ok := errors.AsType[*verify.Ignored](err); ok {
		return where + ": ignored: " + ignored.Message
	}
	if err != nil {
		return where + ": " + string(fault.ReasonOf(err))
	}
	b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	return fmt.Sprintf("%s = %.30s", where, strings.TrimSpace(string(b)))
}

// inputs opens names with the tests' folder as the working directory.
func inputs(t *testing.T, stdin io.Reader, names ...string) *gather.Inputs {
	t.Helper()
	in := gather.New(names, gather.Options{Stdin: stdin})
	t.Cleanup(func() { assert.NoError(t, in.Close()) })
	return in
}

// both holds both kinds of passes to the same list.
func both(t *testing.T, want []string, stdin string, names ...string) {
	t.Helper()
	for _, again := range []bool{false, true} {
		assert.Equal(t, want, list(t, inputs(t, strings.NewReader(stdin), names...), again), "again: %v", again)
	}
}

// tree makes files in a folder of the test and goes there.
func tree(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	}
}

func TestDirectoryInTheOrderOfItsPaths(t *testing.T) {
	files := map[string]string{}
	for _, name := range []string{"d/b", "d/a.x", "d/a/y", "d/a/x/z", "d/a-b", "d/.hidden", "d/ü", "d/A", "d/a0", "d/long name"} {
		files[name] = name
	}
	tree(t, files)
	want := []string{}
	for name := range files {
		want = append(want, name+" = "+name)
	}
	slices.Sort(want)
	both(t, want, "", "d")
}

// TestNamesOfADirectory has the directory named in several ways: what is in it is called
// what filepath.Join makes of both.
func TestNamesOfADirectory(t *testing.T) {
	tree(t, map[string]string{"x/x": "X", "x/xx/x": "Y"})
	here, err := os.Getwd()
	require.NoError(t, err)
	for _, dir := range []string{".", "./", "x", "x/", ".//x", "x/../x", "../" + filepath.Base(here), here, here + "/x//"} {
		inside := []string{"x", "xx/x"}
		if name := filepath.Base(filepath.Clean(dir)); name != "x" {
			inside = []string{"x/x", "x/xx/x"}
		}
		want := []string{filepath.Join(dir, inside[0]) + " = X", filepath.Join(dir, inside[1]) + " = Y"}
		both(t, want, "", dir)
	}
}

func TestManyFilesInOneDirectory(t *testing.T) {
	tree(t, nil)
	require.NoError(t, os.Mkdir("d", 0o755))
	const n = 20_000 // their names are more than is held in memory
	name := func(i int) string { return fmt.Sprintf("d/%s-%06d", strings.Repeat("x", 60), i) }
	for i := range n {
		require.NoError(t, os.WriteFile(name(i), nil, 0o600))
	}
	i := 0
	for p := range inputs(t, nil, "d").Pieces(t.Context(), false) {
		if p.End {
			break
		}
		if p.Name != name(i) {
			require.Equal(t, name(i), p.Name)
		}
		i++
	}
	assert.Equal(t, n, i)
}

func TestNamesInTheOrderGiven(t *testing.T) {
	tree(t, map[string]string{"b": "B", "a": "A", "d/x": "X"})
	both(t, []string{"b (named) = B", "d/x = X", "a (named) = A", "a (named) = A", "absent (named): input.not_found"}, "", "b", "d", "a", "a", "absent")
}

func TestDirectoryTooDeep(t *testing.T) {
	tree(t, nil)
	deep := "d" + strings.Repeat("/d", 70)
	require.NoError(t, os.MkdirAll(deep, 0o755))
	got := list(t, inputs(t, nil, "d"), false)
	require.Len(t, got, 1)
	assert.Contains(t, got[0], ": input.too_large")
}

// TestDirectoryThatChanges removes and replaces files after their names were read.
func TestDirectoryThatChanges(t *testing.T) {
	tree(t, map[string]string{"d/a": "A", "d/b": "B", "d/c": "C", "d/sub/x": "X"})
	in := inputs(t, nil, "d")
	var got []string
	for p := range in.Pieces(t.Context(), false) {
		if p.Name == "d/a" {
			require.NoError(t, os.Remove("d/b"))
			require.NoError(t, os.Remove("d/c"))
			require.NoError(t, os.Mkdir("d/c", 0o755))
			require.NoError(t, os.RemoveAll("d/sub"))
			require.NoError(t, os.WriteFile("d/new", nil, 0o600))
		}
		if !p.End {
			got = append(got, describe(t, in, p))
		}
	}
	assert.Equal(t, []string{"d/a = A", "d/b: input.changed", "d/c: input.changed", "d/sub: input.changed"}, got)
}

// gone removes each file after it was listed.
type gone struct{ *gather.Inputs }

func (g gone) Open(p *verify.Piece) (verify.Content, error) {
	if err := os.Remove(p.Name); err != nil {
		return nil, err
	}
	return g.Inputs.Open(p)
}

func TestFileThatCannotBeOpened(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	trust, err := keys.NewTrust(keys.TrustedKey{Name: "k", Public: key.Public(), AnyPredicateType: true})
	require.NoError(t, err)
	v, err := verify.NewVerifier(&verify.Policy{Trust: trust, Threshold: 1, At: time.Unix(1, 0)})
	require.NoError(t, err)
	for _, together := range []bool{false, true} {
		dir := t.TempDir()
		for _, name := range []string{"a.dsse.json", "b.dsse.json"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600))
		}
		in := gather.New([]string{dir}, gather.Options{})
		var sink failures
		report, err := v.Stream(t.Context(), gone{in}, verify.StreamOptions{Together: together}, &sink)
		require.NoError(t, in.Close())
		assert.Equal(t, fault.InputChanged, fault.ReasonOf(err), "%v", err)
		assert.NotNil(t, report)
		assert.Equal(t, failures{fault.InputChanged, fault.InputChanged}, sink)
	}
}

// failures are why the first check of each result failed.
type failures []fault.Reason

func (f *failures) Result(r *verify.Result) error {
	*f = append(*f, r.Checks[0].Reason)
	return nil
}

func (f *failures) Ignored(*verify.Ignored) error { return nil }

func TestPatterns(t *testing.T) {
	tree(t, map[string]string{"a.json": "A", "b.json": "B", ".c.json": "C", "x/a.json": "XA", "y/a.json": "YA", "y/z/f": "F", "[odd]": "O"})
	both(t, []string{"a.json (named) = A", "b.json (named) = B"}, "", "*.json")
	both(t, []string{"x/a.json (named) = XA", "y/a.json (named) = YA"}, "", "?/a.json")
	both(t, []string{"./y/a.json (named) = YA"}, "", "./[y-z]/*.json")
	both(t, []string{".c.json (named) = C"}, "", ".*.json")
	both(t, []string{"y/z/f = F"}, "", "y/z*")
	both(t, []string{"[odd] (named) = O"}, "", "[odd]")
	both(t, []string{"*.txt (named): input.not_found"}, "", "*.txt")
	both(t, []string{"nowhere/*.txt (named): input.not_found"}, "", "nowhere/*.txt")
	both(t, []string{"[ (named): usage.invalid"}, "", "[")
	dir, err := os.Getwd()
	require.NoError(t, err)
	both(t, []string{dir + "/x/a.json (named) = XA"}, "", dir+"/x/*")
}

// TestPatternsOfAnyDepth has ** for directories, as few or many as there are.
func TestPatternsOfAnyDepth(t *testing.T) {
	tree(t, map[string]string{
		"d/a.json": "A", "d/x/a.json": "XA", "d/x/y/b.json": "YB", "d/x/y/x/c.json": "C", "d/x-/a.json": "D", "d/z/README": "R",
		"d/.h/a.json": "H", "d/x/.h.json": "HJ", "d/e.json/f": "EF",
	})
	shallow, deep := "d/a.json (named) = A", []string{"d/x-/a.json (named) = D", "d/x/a.json (named) = XA", "d/x/y/b.json (named) = YB", "d/x/y/x/c.json (named) = C"}
	all := append([]string{shallow, "d/e.json/f = EF"}, deep...)
	both(t, all, "", "d/**/*.json")
	both(t, all, "", "d/**/**/*.json")
	both(t, all, "", "d/**/.//**/./*.json")
	both(t, all, "", "**/d/**/*.json")
	both(t, []string{shallow, deep[0], deep[1]}, "", "**/a.json")
	both(t, []string{"d/x/y/x/c.json (named) = C"}, "", "**/x/**/x/**/[a-c].json")
	both(t, []string{"d/x/.h.json = HJ", "d/x/a.json = XA", "d/x/y/b.json = YB", "d/x/y/x/c.json = C"}, "", "d/**/x/")
	both(t, []string{"d/x/.h.json = HJ", "d/x/a.json = XA", "d/x/y/b.json = YB", "d/x/y/x/c.json = C"}, "", "d/x/**")
	both(t, []string{"d/x/.h.json (named) = HJ"}, "", "d/**/.*.json")
	both(t, []string{"d/.h/a.json (named) = H"}, "", "d/.*/**/*.json")
	both(t, []string{"d/**/*.txt (named): input.not_found"}, "", "d/**/*.txt")
	both(t, []string{"d/z/README/** (named): input.not_found"}, "", "d/z/README/**")
	for _, pattern := range []string{"d/a**b", "d/**.json", "d/x**/a.json", "d/***/a.json", "d/**/../x", "d/**/["} {
		both(t, []string{pattern + " (named): usage.invalid"}, "", pattern)
	}
	if runtime.GOOS != "windows" {
		both(t, []string{`d/\**/a[x**]b (named): input.not_found`}, "", `d/\**/a[x**]b`)
	}
	whole := list(t, inputs(t, nil, "."), false)
	assert.Equal(t, whole, list(t, inputs(t, nil, "**"), false), "the directory itself")
	assert.Equal(t, whole, list(t, inputs(t, nil, "./**/"), false))
}

// TestPatternsPassFilesBy has a file where the pattern has a directory.
func TestPatternsPassFilesBy(t *testing.T) {
	tree(t, map[string]string{"d/README": "R", "d/x/a.json": "XA", "d/x/y/b.json": "YB"})
	both(t, []string{"d/x/a.json (named) = XA"}, "", "d/*/*.json")
	both(t, []string{"d/x/a.json (named) = XA"}, "", "d/*/a.json")
	both(t, []string{"d/x/a.json = XA", "d/x/y/b.json = YB"}, "", "d/*/")
	both(t, []string{"d/x/y/b.json (named) = YB"}, "", "*/*/*/*.json")
	both(t, []string{"d/README/*.json (named): input.not_found"}, "", "d/README/*.json")
}

func TestPatternsGoNoDeeperThanDirectories(t *testing.T) {
	tree(t, map[string]string{"d/" + strings.Repeat("x/", 60) + "a.json": "A", "e/" + strings.Repeat("x/", 70) + "a.json": "B"})
	got := list(t, inputs(t, nil, "d/**/a.json"), false)
	require.Len(t, got, 1)
	assert.True(t, strings.HasSuffix(got[0], "= A"), got[0])
	got = list(t, inputs(t, nil, "e/**/a.json"), false)
	require.NotEmpty(t, got)
	assert.True(t, strings.HasSuffix(got[0], ": input.too_large"), got[0])
}

// TestPatternsAndLinks has links that a step names followed, and those on the way of **
// told: what is behind them was not looked at.
func TestPatternsAndLinks(t *testing.T) {
	tree(t, map[string]string{"d/x/a.json": "A", "e/b.json": "B"})
	if err := os.Symlink("../e", "d/link"); err != nil {
		t.Skip("no symbolic links here")
	}
	require.NoError(t, os.Symlink("..", "d/x/loop"))
	const told = ": ignored: a symbolic link to a directory, which ** does not follow"
	both(t, []string{"d/link" + told, "d/x/a.json (named) = A", "d/x/loop" + told}, "", "d/**/*.json")
	both(t, []string{"d/link/b.json (named) = B", "d/x/a.json (named) = A"}, "", "d/*/*.json")
	both(t, []string{"d/link/b.json (named) = B", "d/x/loop" + told}, "", "d/**/link/*.json")
}

// archives makes one of each format with the same members.
func archives(t *testing.T, members [][2]string) map[string][]byte {
	t.Helper()
	var plain, zipped, gzipped bytes.Buffer
	tw, zw := tar.NewWriter(&plain), zip.NewWriter(&zipped)
	for _, m := range members {
		require.NoError(t, tw.WriteHeader(&tar.Header{Name: m[0], Size: int64(len(m[1])), Mode: 0o600}))
		_, err := io.WriteString(tw, m[1])
		require.NoError(t, err)
		w, err := zw.Create(m[0])
		require.NoError(t, err)
		_, err = io.WriteString(w, m[1])
		require.NoError(t, err)
	}
	require.NoError(t, tw.Close())
	require.NoError(t, zw.Close())
	gw := gzip.NewWriter(&gzipped)
	_, err := gw.Write(plain.Bytes())
	require.NoError(t, err)
	require.NoError(t, gw.Close())
	zstdw, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return map[string][]byte{
		"a.tar": plain.Bytes(), "a.zip": zipped.Bytes(), "a.tar.gz": gzipped.Bytes(), "a.tar.zst": zstdw.EncodeAll(plain.Bytes(), nil),
	}
}

func TestArchives(t *testing.T) {
	inner := archives(t, [][2]string{{"x", "y"}})["a.tar.gz"]
	large := `{"payload":"` + strings.Repeat("x", 200<<10)
	all := archives(t, [][2]string{
		{"b.json", `{"b":1}`}, {"a.json", "{}"}, {"large.json", large}, {"readme", "# text"}, {"empty", ""},
		{"nested.tar.gz", string(inner)}, {"../evil.json", "{}"}, {"a.json", `{"again":1}`}, {"nested.sigstore.json", string(inner)},
	})
	for name, b := range all {
		t.Run(name, func(t *testing.T) {
			tree(t, map[string]string{name: string(b)})
			want := func(file string) []string {
				return []string{
					file + `!b.json = {"b":1}`, file + `!a.json = {}`, file + `!large.json = ` + large[:30], file + "!readme: input.not_evidence", file + "!empty: input.empty",
					file + "!nested.tar.gz: ignored: an archive within an archive, which is not opened",
					file + "!../evil.json: archive.malformed", file + "!a.json: archive.malformed", file + "!nested.sigstore.json: input.encoding",
				}
			}
			both(t, want(name), "", name)
			both(t, want("-"), string(b), "-")
			require.NoError(t, os.Mkdir("d", 0o755))
			require.NoError(t, os.Rename(name, "d/"+name))
			got := list(t, inputs(t, nil, "d"), false)
			require.Len(t, got, 1, "an archive in a directory is a file that is no evidence")
		})
	}
}

func TestBrokenArchives(t *testing.T) {
	for name, b := range archives(t, [][2]string{{"a.json", "{}"}, {"b.json", "{}" + strings.Repeat(" ", 3000)}}) {
		cut := len(b) / 2
		if name == "a.tar" {
			cut = 3000 // in the second member
		}
		tree(t, map[string]string{name: string(b[:cut])})
		for _, again := range []bool{false, true} {
			got := list(t, inputs(t, nil, name), again)
			assert.Contains(t, got, name+" (named): archive.malformed", "%s: %q", name, got)
		}
	}
	tree(t, map[string]string{"x.gz": string(archives(t, nil)["a.tar.gz"][:10]), "plain.gz": gz(t, `{"a":1}`)})
	both(t, []string{"x.gz (named): archive.malformed"}, "", "x.gz")
	both(t, []string{"plain.gz (named): input.encoding"}, "", "plain.gz")
}

// TestArchiveWithoutEnd has an archive break off between its members, however it comes.
func TestArchiveWithoutEnd(t *testing.T) {
	first := string(archives(t, [][2]string{{"a.json", "{}"}, {"b.json", "{}"}})["a.tar"][:1024])
	for _, content := range []string{first, first + strings.Repeat("\x00", 512), gz(t, first)} {
		tree(t, map[string]string{"a": content})
		both(t, []string{"a!a.json = {}", "a (named): archive.malformed"}, "", "a")
		both(t, []string{"-!a.json = {}", "- (named): archive.malformed"}, content, "-")
	}
}

// TestArchivesInADirectory has what is passed over there told from other files, and nothing
// else changed.
func TestArchivesInADirectory(t *testing.T) {
	const whole, packed = "an archive in a directory, which is not opened: name it", "a compressed file in a directory, which is not opened: name it if it is an archive"
	want := map[string]string{"a.tar": whole, "a.zip": whole, "a.tar.gz": packed, "a.tar.zst": packed, "other": "other"}
	contents := archives(t, [][2]string{{"x", "y"}})
	contents["other"] = []byte("# text")
	in := inputs(t, nil)
	for name, b := range contents {
		for _, p := range []verify.Piece{{Name: "d/" + name}, {Name: "d/" + name, Named: true}, {Name: "all.tar", Member: name}} {
			i := verify.Ignored{Reason: fault.NotEvidence, Message: "other"}
			in.Explain(&p, input.FromBytes(name, b), &i)
			switch {
			case p.Named || p.Member != "" || name == "other":
				assert.Equal(t, verify.Ignored{Reason: fault.NotEvidence, Message: "other"}, i)
			default:
				assert.Equal(t, verify.Ignored{Reason: fault.InputNotRegular, Message: want[name]}, i, name)
			}
		}
	}
}

// TestEmptyArchives has archives without members, which end as any named place without
// evidence does, and other files of zeros.
func TestEmptyArchives(t *testing.T) {
	empty := archives(t, nil)
	require.Len(t, empty["a.tar"], 1024)
	empty["padded.tar"] = make([]byte, 10<<10)
	for name, b := range empty {
		tree(t, map[string]string{name: string(b)})
		for stdin, place := range map[string]string{"": name, string(b): "-"} {
			for _, again := range []bool{false, true} {
				var got []verify.Piece
				for p := range inputs(t, strings.NewReader(stdin), place).Pieces(t.Context(), again) {
					got = append(got, p)
				}
				assert.Equal(t, []verify.Piece{{Name: place, Named: true, End: true}}, got, name)
			}
		}
	}
	for _, zeros := range []string{strings.Repeat("\x00", 600), strings.Repeat("\x00", 1<<20+1), strings.Repeat("\x00", 2048) + "x"} {
		tree(t, map[string]string{"zeros": zeros})
		got := list(t, inputs(t, strings.NewReader(zeros), "zeros", "-"), true)
		require.Len(t, got, 2)
		assert.True(t, strings.HasPrefix(got[0], "zeros (named) = \x00"), "a file like any other: %q", got[0])
		assert.Equal(t, "- (named): input.not_evidence", got[1])
	}
}

func gz(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, s)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestStandardInput(t *testing.T) {
	long := `{"long":"` + strings.Repeat("x", 600<<10) + `"}`
	tests := []struct {
		name, stdin string
		want        []string
	}{
		{"nothing", "", []string{"- (named) = "}},
		{"document", `{"a":1}`, []string{`- (named) = {"a":1}`}},
		{"document with its end", "{\"a\":1}\n", []string{`- (named) = {"a":1}`}},
		{"document and blank lines", "\n{\"a\":1}\n\n \n", []string{`- (named) = {"a":1}`}},
		{"indented document", "{\n \"a\": 1\n}\n", []string{"- (named) = {\n \"a\": 1\n}"}},
		{"lines", "{\"a\":1}\n{\"b\":2}\n", []string{`-:1 (named) = {"a":1}`, `-:2 (named) = {"b":2}`}},
		{"blank lines", "\n{\"a\":1}\r\n\n  \n{\"b\":2}", []string{`-:2 (named) = {"a":1}`, `-:5 (named) = {"b":2}`}},
		{"long line", "{\"a\":1}\n" + long + "\n{\"b\":2}\n", []string{`-:1 (named) = {"a":1}`, `-:2 (named) = ` + long[:30], `-:3 (named) = {"b":2}`}},
		{"long first line", long + "\n{\"b\":2}\n", []string{`- (named) = ` + long[:30]}},
		{"no JSON", "# text\nmore\n", []string{"- (named) = # text\nmore"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, list(t, inputs(t, strings.NewReader(tt.stdin), "-"), false))
			assert.Len(t, list(t, inputs(t, strings.NewReader(tt.stdin), "-"), true), 1, "all of it is kept")
		})
	}
}

// TestLinesComeAsTheyCome reads the first lines before the last is written.
func TestLinesComeAsTheyCome(t *testing.T) {
	r, w := io.Pipe()
	in := inputs(t, r, "-")
	go func() { _, _ = io.WriteString(w, "{\"a\":1}\n{\"b\":2}\n{\"c\"") }()
	n := 0
	for p := range in.Pieces(t.Context(), false) {
		n++
		if p.Line == 2 {
			go func() { _, _ = io.WriteString(w, ":3}\n"); w.Close() }()
		}
	}
	assert.Equal(t, 3, n)
}

func TestStandardInputThatBreaks(t *testing.T) {
	broken := func(begin string) io.Reader { return io.MultiReader(strings.NewReader(begin), failing{}) }
	for _, begin := range []string{"", "{\"a\":1}", "{\"a\":1}\n{\"b\":2}\n{"} {
		got := list(t, inputs(t, broken(begin), "-"), false)
		assert.Contains(t, got[len(got)-1], "input.unreadable", "%q", begin)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken device") }
