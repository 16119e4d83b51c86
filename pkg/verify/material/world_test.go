package material_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
)

// TestShapes judges every kind of valid evidence.
func TestShapes(t *testing.T) {
	w := world.New("material")
	for _, shape := range w.Shapes() {
		t.Run(shape.Name, func(t *testing.T) {
			err := judgeWorld(w.Evidence(shape.Options)).err
			if shape.Options.Log == world.LogV2 && shape.Options.Entry == world.DSSE {
				require.Equal(t, fault.LogInvalid, fault.ReasonOf(err), "the log does not have this type any more")
				return
			}
			require.NoError(t, err)
		})
	}
}

// beyond are the mutations that other packages refuse: of the signature itself, of
// what it is over, and of the bundle as JSON.
func beyond() []string {
	return []string{
		"signature-wrong", "signature-wrong-key", "signature-trailing-byte", "signature-by-other-key",
		"subject-other", "subject-none", "payload-no-statement", "payload-no-json", "payload-swapped", "payload-type-changed",
		"message-digest-wrong", "message-digest-none", "key-other", "certificate-swapped",
		"certificate-chain-in-v0.3", "v0.3-with-chain", "json-list",
	}
}

// TestMutations judges each mutation of evidence whose shape TestShapes accepts. What is said of each is
// committed, so that one which is refused for another reason than its own is seen
// in review; STELLA_UPDATE=1 writes the file anew.
func TestMutations(t *testing.T) {
	var said strings.Builder
	for _, m := range world.Mutations() {
		t.Run(m.Name, func(t *testing.T) {
			err := judgeWorld(m.Evidence(world.New(m.Name))).err
			fmt.Fprintf(&said, "%s: %s\n", m.Name, brief(err))
			assert.Equal(t, slices.Contains(beyond(), m.Name), err == nil, m.Refused)
		})
	}
	golden(t, "mutations.txt", said.String())
}

// brief is reason and words of an error, the same in every build: protobuf writes
// some of its spaces as no-break spaces, by chance. The words of the package that
// reads bundles are its own affair.
func brief(err error) string {
	reason := fault.ReasonOf(err)
	switch {
	case err == nil:
		return "not refused here"
	case strings.HasPrefix(string(reason), "bundle.") || strings.HasPrefix(string(reason), "input."):
		return string(reason)
	}
	return fmt.Sprintf("%s: %s", reason, strings.ReplaceAll(err.Error(), `\u00a0`, " "))
}

func golden(t *testing.T, name, text string) {
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
