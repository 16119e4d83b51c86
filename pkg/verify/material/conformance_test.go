package material_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/world"
)

// beyondConformance are the cases that are refused for what other packages judge:
// the digest that the bundle repeats.
func beyondConformance() []string { return []string{"message-digest-mismatch_fail"} }

// TestConformance judges the material of every case of the conformance suite.
func TestConformance(t *testing.T) {
	for name, e := range conformance(t) {
		t.Run(name, func(t *testing.T) {
			v := judgeWorld(e)
			switch fails := strings.HasSuffix(name, "_fail"); {
			case !fails:
				require.NoError(t, v.err)
			case slices.Contains(beyondConformance(), name):
				require.NoError(t, v.err, "say in the table that it is refused here")
			default:
				require.Error(t, v.err)
			}
		})
	}
}

// conformance reads the cases with what the suite demands of them.
func conformance(t testing.TB) map[string]*world.Evidence {
	t.Helper()
	dir := testkit.SharedData(t, "sigstore/bundle-verify")
	bundles, err := filepath.Glob(filepath.Join(dir, "*", "bundle.sigstore.json"))
	require.NoError(t, err)
	require.NotEmpty(t, bundles)
	out := map[string]*world.Evidence{}
	for _, path := range bundles {
		in := func(name string) string { return filepath.Join(filepath.Dir(path), name) }
		e := &world.Evidence{
			Bundle:      readFirst(t, path),
			Artifact:    readFirst(t, in("artifact"), filepath.Join(dir, "a.txt")),
			TrustedRoot: readFirst(t, in("trusted_root.json"), filepath.Join(dir, "..", "trusted_root.public-good.json")),
			At:          time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		}
		e.Demand = world.Demand{
			Identity: text(t, in("identity"), "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"),
			Issuer:   text(t, in("issuer"), "https://token.actions.githubusercontent.com"),
			Logs:     1, SCTs: 1,
		}
		if key, err := os.ReadFile(in("key.pub")); err == nil {
			e.Demand = world.Demand{PublicKey: key, Logs: 1}
		}
		out[filepath.Base(filepath.Dir(path))] = e
	}
	return out
}

// readFirst reads the first of the files that is there.
func readFirst(t testing.TB, paths ...string) []byte {
	t.Helper()
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		return data
	}
	t.Fatalf("none of %q is there", paths)
	return nil
}

func text(t testing.TB, path, other string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		return other
	}
	return string(bytes.TrimSpace(readFirst(t, path)))
}
