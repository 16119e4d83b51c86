package promotion_test

import (
	"encoding/json/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify"
)

// TestIgnored: what stands among the evidence and is none is told, as stella verify does.
func TestIgnored(t *testing.T) {
	w := newTeam(t)
	evidence := w.sbom(world.NoLog)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"README.txt":          "read me\n",
		"empty":               "",
		"more.jsonl":          string(whole(t, bare(t, evidence))) + "\n{\"level\":\"info\"}\n",
		"sbom.cdx.json":       sbom,
		"sbom.sigstore.json":  string(whole(t, evidence)),
		"sub/deep/notes.json": `{"a":1}`,
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	in := gather.New([]string{dir}, gather.Options{})
	defer in.Close()
	e, err := promotion.Collect(t.Context(), in)
	require.NoError(t, err)
	defer e.Close()

	named := w.collect(w.promote(w.assemble(evidence)))
	r, err := promotion.Verify(t.Context(), named, e, w.policy, promotion.Demands{})
	require.NoError(t, err)
	got := make(map[string]fault.Reason)
	for _, i := range r.Ignored {
		name, err := filepath.Rel(dir, i.Source)
		require.NoError(t, err)
		got[filepath.ToSlash(name)] = i.Reason
		assert.NotEmpty(t, i.Message)
		assert.Equal(t, name == "more.jsonl", i.Line == 2)
	}
	assert.Equal(t, streamed(t, w, dir), got)
	assert.Contains(t, got, "README.txt")
	assert.Contains(t, got, "more.jsonl")
	assert.Equal(t, len(r.Ignored), total(r.Counts.Ignored))
	raw, err := json.Marshal(r)
	require.NoError(t, err)
	assert.Contains(t, string(raw), `"ignored":[`)
}

// streamed is what stella verify ignores in a directory.
func streamed(t *testing.T, w *team, dir string) map[string]fault.Reason {
	t.Helper()
	v, err := verify.NewVerifier(w.policy)
	require.NoError(t, err)
	in := gather.New([]string{dir}, gather.Options{})
	defer in.Close()
	found := sink{dir: dir, ignored: make(map[string]fault.Reason)}
	_, err = v.Stream(t.Context(), in, verify.StreamOptions{}, &found)
	require.NoError(t, err)
	return found.ignored
}

// sink keeps what was ignored.
type sink struct {
	dir     string
	ignored map[string]fault.Reason
}

func (s *sink) Result(*verify.Result) error { return nil }

func (s *sink) Ignored(i *verify.Ignored) error {
	name, err := filepath.Rel(s.dir, i.Source)
	s.ignored[filepath.ToSlash(name)] = i.Reason
	return err
}

func total(counts map[fault.Reason]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
