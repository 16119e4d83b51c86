package world_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
)

// TestMutations shows stock sigstore-go each mutation and the valid evidence that
// it comes from. What sigstore-go says of each is committed, so that a mutation
// which is refused for another reason than its own is seen in review;
// STELLA_UPDATE=1 writes the file anew.
func TestMutations(t *testing.T) {
	var said strings.Builder
	for _, m := range world.Mutations() {
		t.Run(m.Name, func(t *testing.T) {
			w := world.New(m.Name)
			require.NotEmpty(t, m.Refused)
			require.NoError(t, sigstoreGo(w.Evidence(m.Of)), "what is changed has to be valid")
			err := sigstoreGo(m.Evidence(w))
			assert.Equal(t, m.Accepted != "", err == nil, "Accepted says %q, sigstore-go says %v", m.Accepted, err)
			fmt.Fprintf(&said, "%s: %s\n", m.Name, brief(err))
		})
	}
	compare(t, "sigstore-go.txt", said.String())
}

// TestMutationNames finds a name that stands twice.
func TestMutationNames(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range world.Mutations() {
		assert.False(t, seen[m.Name], "%s is there twice", m.Name)
		seen[m.Name] = true
	}
}

// brief is what an error says, on one line that is the same in every build:
// protobuf writes some of its spaces as no-break spaces, by chance.
func brief(err error) string {
	if err == nil {
		return "accepted"
	}
	text, _, _ := strings.Cut(strings.ReplaceAll(err.Error(), "\u00a0", " "), "\n")
	return strings.TrimSpace(text)
}

// compare compares text with a committed file.
func compare(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("STELLA_UPDATE") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text, "run with STELLA_UPDATE=1 if the change is meant")
}
