package export

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// directory makes a directory with two files.
func directory(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "b.txt", "b\n")
	write(t, dir, "a/c.txt", "c\n")
	return dir
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func options() Options {
	return Options{
		Profile: "json:raw", Version: "1.2.3", At: time.Unix(1795852800, 0),
		Materials: []intoto.Subject{{Name: "m", Digest: map[string]string{"sha256": strings.Repeat("1", 64)}}},
	}
}

// signature is what the manifest's bundle would hold.
const signature = "c2lnbmF0dXJl\n"

// put writes what was built, and the detached signature.
func put(t testing.TB, dir string, e *Export) {
	t.Helper()
	var statement bytes.Buffer
	_, err := e.Provenance.Message.WriteTo(&statement)
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		ScriptName: e.Script, ChecksumsName: e.Checksums, ManifestName: e.Manifest, ProvenanceName: statement.Bytes(),
		ManifestSig: []byte(signature),
	} {
		write(t, dir, name, string(content))
	}
}

// Two runs over two copies give the same bytes, also where the first has written already.
func TestBuildIsDeterministic(t *testing.T) {
	one, two := directory(t), directory(t)
	first, err := Build(t.Context(), one, options())
	require.NoError(t, err)
	put(t, one, first)
	for _, dir := range []string{one, two} {
		again, err := Build(t.Context(), dir, options())
		require.NoError(t, err)
		assert.Equal(t, string(first.Manifest), string(again.Manifest))
		assert.Equal(t, string(first.Checksums), string(again.Checksums))
		var a, b bytes.Buffer
		_, err = first.Provenance.Message.WriteTo(&a)
		require.NoError(t, err)
		_, err = again.Provenance.Message.WriteTo(&b)
		require.NoError(t, err)
		assert.Equal(t, a.String(), b.String())
	}
	m, err := ParseManifest(first.Manifest)
	require.NoError(t, err)
	assert.True(t, isManifest(first.Manifest))
	assert.Equal(t, []string{"a/c.txt", "b.txt", "verify.sh"}, []string{m.Files[0].Path, m.Files[1].Path, m.Files[2].Path})
	assert.Len(t, first.Provenance.Subjects, 2)
}

// TestCheck changes one thing in a directory that is right.
func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(t *testing.T, dir string)
		want   fault.Reason
	}{
		"nothing":    {func(*testing.T, string) {}, ""},
		"content":    {func(t *testing.T, dir string) { write(t, dir, "b.txt", "B\n") }, fault.ExportMismatch},
		"size":       {func(t *testing.T, dir string) { write(t, dir, "b.txt", "b\n\n") }, fault.ExportMismatch},
		"missing":    {func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "b.txt"))) }, fault.ExportMissing},
		"added":      {func(t *testing.T, dir string) { write(t, dir, "a/a.txt", "") }, fault.ExportMismatch},
		"added last": {func(t *testing.T, dir string) { write(t, dir, "z", "") }, fault.ExportMismatch},
		"script":     {func(t *testing.T, dir string) { write(t, dir, ScriptName, "exit 0\n") }, fault.ExportMismatch},
		"no script":  {func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, ScriptName))) }, fault.ExportMissing},
		"checksums":  {func(t *testing.T, dir string) { write(t, dir, ChecksumsName, "") }, fault.ExportMismatch},
		"no sums":    {func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, ChecksumsName))) }, fault.ExportMissing},
		"provenance": {func(t *testing.T, dir string) { write(t, dir, ProvenanceName, "{}") }, fault.ExportMismatch},
		"signature":  {func(t *testing.T, dir string) { write(t, dir, ManifestSig, "Z2FyYmFnZQ==\n") }, fault.ExportMismatch},
		"no newline": {func(t *testing.T, dir string) { write(t, dir, ManifestSig, "c2lnbmF0dXJl") }, fault.ExportMismatch},
		"no sig":     {func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, ManifestSig))) }, fault.ExportMissing},
		"link for the signature": {func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(filepath.Join(dir, ManifestSig), filepath.Join(t.TempDir(), "sig")))
			require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, ManifestSig)))
		}, fault.InputNotRegular},
		"link inside": {func(t *testing.T, dir string) { require.NoError(t, os.Symlink("b.txt", filepath.Join(dir, "l"))) }, fault.InputNotRegular},
		"link for a file": {func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(filepath.Join(dir, "b.txt"), filepath.Join(dir, "a", "x")))
			require.NoError(t, os.Symlink("a/x", filepath.Join(dir, "b.txt")))
		}, fault.InputNotRegular},
	} {
		t.Run(name, func(t *testing.T) {
			dir := directory(t)
			e, err := Build(t.Context(), dir, options())
			require.NoError(t, err)
			put(t, dir, e)
			m, err := ParseManifest(e.Manifest)
			require.NoError(t, err)
			tt.change(t, dir)
			_, err = checkFiles(t.Context(), dir, m, []byte(signature), e.Provenance.Message)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, tt.want, fault.ReasonOf(err), "%v", err)
		})
	}
}

func TestDetached(t *testing.T) {
	one := bundle.Item{Blob: &bundle.Blob{Signature: []byte("signature")}}
	got, err := detached([]bundle.Item{one})
	require.NoError(t, err)
	assert.Equal(t, signature, string(got))
	for name, items := range map[string][]bundle.Item{"none": nil, "two": {one, one}, "an attestation": {{}}} {
		_, err := detached(items)
		assert.Equal(t, fault.ExportMismatch, fault.ReasonOf(err), name)
	}
}

func TestBuildRefuses(t *testing.T) {
	_, err := Build(t.Context(), t.TempDir(), options())
	assert.Equal(t, fault.InputEmpty, fault.ReasonOf(err))
	_, err = Build(t.Context(), filepath.Join(t.TempDir(), "absent"), options())
	require.Error(t, err)
	for _, name := range []string{`a\b`, "a:b", "a\nb", "a\x1bb", "a\xffb", strings.Repeat("d/", 66) + "f"} {
		dir := directory(t)
		write(t, dir, name, "x")
		_, err := Build(t.Context(), dir, options())
		assert.Equal(t, fault.ExitUsage, fault.ReasonOf(err).Exit(), "%q: %v", name, err)
	}
}

func TestParseManifestRefuses(t *testing.T) {
	e, err := Build(t.Context(), directory(t), options())
	require.NoError(t, err)
	good := string(e.Manifest)
	for name, text := range map[string]string{
		"empty":         "",
		"other format":  strings.Replace(good, Format, "stella.ops/export@v2", 1),
		"white space":   good + "\n",
		"unknown":       strings.Replace(good, `"counts"`, `"count":1,"counts"`, 1),
		"counts":        strings.Replace(good, `"files":3`, `"files":4`, 1),
		"time":          strings.Replace(good, `"createdAt":"2`, `"createdAt":"x`, 1),
		"path up":       strings.Replace(good, `"path":"b.txt"`, `"path":"../b"`, 1),
		"absolute path": strings.Replace(good, `"path":"b.txt"`, `"path":"/b"`, 1),
		"order":         strings.Replace(good, `"path":"b.txt"`, `"path":"A.txt"`, 1),
		"digest":        strings.Replace(good, sumOf([]byte("b\n")), strings.Repeat("0", 64), 1),
		"no digest":     strings.Replace(good, sumOf([]byte("b\n")), "none", 1),
		"twice":         strings.Replace(good, `{"checksums"`, `{"format":"x","checksums"`, 1),
	} {
		assert.NotEqual(t, good, text, name)
		_, err := ParseManifest([]byte(text))
		assert.Equal(t, fault.InputMalformed, fault.ReasonOf(err), "%s: %v", name, err)
	}
}

// FuzzParseManifest states one property: what parses is what it would be written as.
func FuzzParseManifest(f *testing.F) {
	e, err := Build(f.Context(), directory(f), options())
	require.NoError(f, err)
	f.Add(e.Manifest)
	f.Add([]byte(`{"checksums":{"path":"checksums.txt","sha256":""}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParseManifest(text)
		if err != nil {
			assert.Equal(t, fault.InputMalformed, fault.ReasonOf(err))
			return
		}
		again, err := m.marshal()
		require.NoError(t, err)
		assert.Equal(t, string(text), string(again))
		assert.Equal(t, m.Checksums.SHA256, sumOf(m.sums()))
	})
}
