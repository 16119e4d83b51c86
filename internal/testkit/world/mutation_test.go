package world_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
)

// TestMutations shows stock sigstore-go each mutation and the valid evidence that
// it comes from. What sigstore-go says of each is committed, so that a mutation
// which is refused for another reason than its own is seen in review;
// STELLA_UPDATE=1 writes the file anew.
func TestMutations(t *testing.T) {
	said, want := []string{}, committed(t, "sigstore-go.txt")
	for _, m := range world.Mutations() {
		t.Run(m.Name, func(t *testing.T) {
			w := world.New(m.Name)
			w.Clock.Advance(100 * 24 * time.Hour) // nothing hangs on the time of a new world
			require.NotEmpty(t, m.Refused)
			require.NoError(t, sigstoreGo(w.Evidence(m.Of)), "what is changed has to be valid")
			err := sigstoreGo(m.Evidence(w))
			assert.Equal(t, m.Accepted != "", err == nil, "Accepted says %q, sigstore-go says %v", m.Accepted, err)
			line := m.Name + ": " + brief(err)
			said = append(said, line)
			assert.Equal(t, want[m.Name], line, "run with STELLA_UPDATE=1 if the change is meant")
		})
	}
	if os.Getenv("STELLA_UPDATE") != "" {
		require.NoError(t, os.WriteFile("testdata/sigstore-go.txt", []byte(strings.Join(said, "\n")+"\n"), 0o644))
	}
}

// committed is the lines of a file in testdata, by what stands before the colon.
func committed(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	lines := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(line, ":")
		lines[name] = strings.TrimSuffix(line, "\n")
	}
	return lines
}

// TestMutationNames finds a name that stands twice, and an answer to a mutation
// that is not there any more.
func TestMutationNames(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range world.Mutations() {
		assert.False(t, seen[m.Name], "%s is there twice", m.Name)
		seen[m.Name] = true
	}
	for name := range committed(t, "sigstore-go.txt") {
		assert.True(t, seen[name], "sigstore-go.txt answers %q", name)
	}
}

// brief is what an error says, on one line that is the same in every build and
// for every world: protobuf writes some of its spaces as no-break spaces, by
// chance; digests, places and signatures are of no interest.
func brief(err error) string {
	if err == nil {
		return "accepted"
	}
	text, _, _ := strings.Cut(strings.ReplaceAll(err.Error(), "\u00a0", " "), "\n")
	text = regexp.MustCompile(`[0-9A-Za-z+/]{40,}=*`).ReplaceAllString(text, "…")
	return strings.TrimSpace(regexp.MustCompile(`line 1:\d+`).ReplaceAllString(text, "line 1"))
}
