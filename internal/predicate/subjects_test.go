package predicate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

func TestParseSubject(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "app.bin")
	require.NoError(t, os.WriteFile(file, []byte("hello\n"), 0o600))
	odd := filepath.Join(dir, "x@y:z")
	require.NoError(t, os.WriteFile(odd, []byte("hello\n"), 0o600))
	const hello = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
	b := strings.Repeat("b", 128)
	tests := []struct{ name, in, want, algorithm, digest string }{
		{"digest", "sha256:" + digestA, "sha256:" + digestA, "sha256", digestA},
		{"named digest", "registry.example/app:1@sha256:" + digestA, "registry.example/app:1", "sha256", digestA},
		{"name with an at sign", "pkg:npm/@scope/a@sha512:" + b, "pkg:npm/@scope/a", "sha512", b},
		{"SHA-384", "x@sha384:" + b[:96], "x", "sha384", b[:96]},
		{"file", file, "app.bin", "sha256", hello},
		{"file with an odd name", odd, "x@y:z", "sha256", hello},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := predicate.ParseSubject(tt.in)
			require.NoError(t, err)
			assert.Equal(t, intoto.Subject{Name: tt.want, Digest: map[string]string{tt.algorithm: tt.digest}}, s)
		})
	}
}

func TestParseSubjectRefuses(t *testing.T) {
	tests := []struct {
		name, in   string
		reason     fault.Reason
		want, hint string
	}{
		{"empty", "", fault.SubjectInvalid, "not FILE or NAME", ""},
		{"standard input", "-", fault.SubjectInvalid, "not FILE or NAME", ""},
		{"short digest", "a@sha256:abc", fault.SubjectInvalid, "3 characters, want 64", ""},
		{"upper case", "sha256:" + strings.Repeat("A", 64), fault.SubjectInvalid, "lower-case", ""},
		{"missing file", "no-such-file", fault.InputNotFound, "does not exist", "NAME@sha256:<hex>"},
		{"image reference", "oci:registry.example/app:1", fault.InputNotFound, "does not exist", "registry.example/app:1@sha256:<hex>"},
		{"weak digest", "a@sha1:" + strings.Repeat("a", 40), fault.InputNotFound, "does not exist", "sha256"},
		{"directory", "testdata", fault.InputNotRegular, "directory", ""},
		{"long name", strings.Repeat("n", intoto.MaxNameSize+1) + "@sha256:" + digestA, fault.SubjectInvalid, "limit", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := predicate.ParseSubject(tt.in)
			require.Error(t, err)
			assert.Equal(t, tt.reason, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, tt.want)
			assert.Contains(t, fault.HintOf(err), tt.hint)
		})
	}
}

// TestParseSumsReadsCoreutils lets the real programs write the files.
func TestParseSumsReadsCoreutils(t *testing.T) {
	dir := t.TempDir()
	names := []string{"a", "with space", "back\\slash", "line\nend", "-dash", "é"}
	for _, name := range names {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600))
	}
	for program, algorithm := range map[string]string{"sha256sum": "sha256", "sha384sum": "sha384", "sha512sum": "sha512"} {
		for _, mode := range []string{"--text", "--binary"} {
			t.Run(program+mode, func(t *testing.T) {
				out := testkit.Tool(t, dir, program, append([]string{mode, "--"}, names...)...)
				subjects, err := predicate.ParseSums(input.FromBytes("SUMS", out))
				require.NoError(t, err)
				require.Len(t, subjects, len(names))
				for i, s := range subjects {
					assert.Equal(t, names[i], s.Name)
					want := strings.Fields(strings.TrimPrefix(string(testkit.Tool(t, dir, program, "--", names[i])), `\`))[0]
					assert.Equal(t, map[string]string{algorithm: want}, s.Digest)
				}
			})
		}
	}
}

func TestParseSums(t *testing.T) {
	ok := digestA + "  a\n"
	tests := []struct {
		name, in string
		reason   fault.Reason // "" for success
		want     string
	}{
		{"one line", ok, "", ""},
		{"no last line end", strings.TrimSuffix(ok, "\n"), "", ""},
		{"comment and CRLF", "# root x\r\n" + digestA + " *a\r\n", "", ""},
		{"empty", "", fault.InputEmpty, "no checksums"},
		{"comments only", "# x\n", fault.InputEmpty, "no checksums"},
		{"blank line", ok + "\n" + ok, fault.InputMalformed, "line 2"},
		{"one space", digestA + " a\n", fault.InputMalformed, "two spaces"},
		{"no name", digestA + "  \n", fault.InputMalformed, "no name"},
		{"MD5", strings.Repeat("a", 32) + "  a\n", fault.InputMalformed, "line 1"},
		{"upper case", strings.ToUpper(digestA) + "  a\n", fault.InputMalformed, "lower-case"},
		{"BSD form", "SHA256 (a) = " + digestA + "\n", fault.InputMalformed, "line 1"},
		{"two algorithms", ok + strings.Repeat("b", 128) + "  b\n", fault.InputMalformed, "another length"},
		{"long line", digestA + "  " + strings.Repeat("a", 20_000), fault.InputMalformed, "limit of 16384"},
		{"too many", strings.Repeat(ok, intoto.MaxSubjects+1), fault.SubjectTooMany, "10000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			subjects, err := predicate.ParseSums(input.FromBytes("SUMS", []byte(tt.in)))
			if tt.reason == "" {
				require.NoError(t, err)
				assert.Equal(t, []intoto.Subject{{Name: "a", Digest: map[string]string{"sha256": digestA}}}, subjects)
				return
			}
			require.Error(t, err)
			assert.Equal(t, tt.reason, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestCheckBundleSubjects(t *testing.T) {
	require.NoError(t, predicate.CheckBundleSubjects(predicate.MaxBundleSubjects))
	err := predicate.CheckBundleSubjects(predicate.MaxBundleSubjects + 1)
	assert.Equal(t, fault.SubjectTooMany, fault.ReasonOf(err))
	assert.Contains(t, fault.HintOf(err), "--envelope dsse")
}

func FuzzParseSums(f *testing.F) {
	f.Add([]byte(digestA + "  a\n"))
	f.Add([]byte(`\` + digestA + " *a\\nb\\\\\n# c\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		subjects, err := predicate.ParseSums(input.FromBytes("f", b))
		if err != nil {
			assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), "%v", err)
			return
		}
		assert.NotEmpty(t, subjects)
	})
}

func FuzzParseSubject(f *testing.F) {
	f.Add("a@sha256:" + digestA)
	f.Add("pkg:oci/a@sha512:0")
	f.Fuzz(func(t *testing.T, s string) {
		if !strings.Contains(s, "@sha") || strings.Contains(s, "/") {
			return // nothing is opened
		}
		got, err := predicate.ParseSubject(s)
		if err != nil {
			assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), "%v", err)
			return
		}
		assert.Len(t, got.Digest, 1)
	})
}
