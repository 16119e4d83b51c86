package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
)

// The suite's default identity.
const (
	beacon = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
	issuer = "https://token.actions.githubusercontent.com"
)

// call runs the program once.
func call(t *testing.T, args ...string) (status int, stderr string) {
	t.Helper()
	var out bytes.Buffer
	status = run(t.Context(), args, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), &out)
	return status, out.String()
}

// TestSuite runs every case in both forms: with the file, and with its digest.
func TestSuite(t *testing.T) {
	bundles, err := filepath.Glob(filepath.Join(testkit.SharedData(t, "sigstore/bundle-verify"), "*", "bundle.sigstore.json"))
	require.NoError(t, err)
	require.NotEmpty(t, bundles)
	for _, bundle := range bundles {
		dir := filepath.Dir(bundle)
		artifact := existing(filepath.Join(dir, "artifact"), filepath.Join(dir, "..", "a.txt"))
		content, err := os.ReadFile(artifact)
		require.NoError(t, err)
		for form, what := range map[string]string{"file": artifact, "digest": fmt.Sprintf("sha256:%x", sha256.Sum256(content))} {
			t.Run(filepath.Base(dir)+"/"+form, func(t *testing.T) {
				status, stderr := call(t, append(arguments(t, dir), what)...)
				if strings.HasSuffix(dir, "_fail") {
					assert.NotZero(t, status)
					assert.NotEmpty(t, stderr)
					t.Log(stderr)
					return
				}
				assert.Zero(t, status, stderr)
			})
		}
	}
}

// arguments are those of one case, without the last.
func arguments(t *testing.T, dir string) []string {
	t.Helper()
	args := []string{"verify-bundle", "--bundle", filepath.Join(dir, "bundle.sigstore.json")}
	if key := filepath.Join(dir, "key.pub"); existing(key) != "" {
		args = append(args, "--key", key)
	} else {
		args = append(args, "--certificate-identity", word(t, filepath.Join(dir, "identity"), beacon),
			"--certificate-oidc-issuer", word(t, filepath.Join(dir, "issuer"), issuer))
	}
	if root := existing(filepath.Join(dir, "trusted_root.json")); root != "" {
		args = append(args, "--trusted-root", root)
	}
	return args
}

// existing returns the first of the files that is there, or "".
func existing(paths ...string) string {
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

func word(t *testing.T, path, other string) string {
	t.Helper()
	if existing(path) == "" {
		return other
	}
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.TrimSpace(string(data))
}

// TestPublicGood keeps the built-in root equal to the shared one.
func TestPublicGood(t *testing.T) {
	shared, err := os.ReadFile(testkit.SharedData(t, "sigstore/trusted_root.public-good.json"))
	require.NoError(t, err)
	assert.Equal(t, string(shared), string(publicGood))
}

// TestRefused changes what is demanded of a good bundle.
func TestRefused(t *testing.T) {
	dir := filepath.Join(testkit.SharedData(t, "sigstore/bundle-verify"), "happy-path-v0.3-new-mediaType")
	artifact := existing(filepath.Join(dir, "artifact"), filepath.Join(dir, "..", "a.txt"))
	demand := func(identity, by, what string) []string {
		return []string{"verify-bundle", "--bundle", filepath.Join(dir, "bundle.sigstore.json"), "--certificate-identity", identity, "--certificate-oidc-issuer", by, what}
	}
	status, stderr := call(t, demand(beacon, issuer, artifact)...)
	require.Zero(t, status, stderr)
	for name, args := range map[string][]string{
		"other identity": demand(beacon+"x", issuer, artifact),
		"other issuer":   demand(beacon, issuer+"/", artifact),
		"other file":     demand(beacon, issuer, filepath.Join(dir, "README")),
		"other digest":   demand(beacon, issuer, "sha256:"+strings.Repeat("0", 64)),
		"no file":        demand(beacon, issuer, filepath.Join(dir, "nothing")),
		"not a digest":   demand(beacon, issuer, "sha256:00"),
	} {
		t.Run(name, func(t *testing.T) {
			status, stderr := call(t, args...)
			assert.NotZero(t, status)
			assert.True(t, strings.HasPrefix(stderr, "sigstore-conformance: "), stderr)
		})
	}
}

// TestUsage gives arguments that mean nothing.
func TestUsage(t *testing.T) {
	keyless := []string{"--certificate-identity", "a", "--certificate-oidc-issuer", "b"}
	with := func(more ...string) []string { return append(append([]string{"verify-bundle"}, keyless...), more...) }
	for name, tt := range map[string]struct {
		args []string
		want fault.Reason
	}{
		"nothing":            {nil, fault.UsageInvalid},
		"other command":      {[]string{"verify"}, fault.UsageInvalid},
		"unknown flag":       {with("--bundle", "b", "--offline", "a"), fault.UsageInvalid},
		"no bundle":          {with("a"), fault.UsageInvalid},
		"no artifact":        {with("--bundle", "b"), fault.UsageInvalid},
		"two artifacts":      {with("--bundle", "b", "a", "c"), fault.UsageInvalid},
		"key and identity":   {with("--bundle", "b", "--key", "k", "a"), fault.UsageInvalid},
		"neither":            {[]string{"verify-bundle", "--bundle", "b", "a"}, fault.UsageInvalid},
		"identity alone":     {[]string{"verify-bundle", "--bundle", "b", "--certificate-identity", "i", "a"}, fault.UsageInvalid},
		"key and issuer":     {[]string{"verify-bundle", "--bundle", "b", "--key", "k", "--certificate-oidc-issuer", "i", "a"}, fault.UsageInvalid},
		"staging, no root":   {with("--bundle", "b", "--staging", "a"), fault.TrustRequired},
		"root is not there":  {with("--bundle", "b", "--staging", "--trusted-root", "/nothing", "a"), fault.InputNotFound},
		"signing":            {[]string{"sign-bundle", "--identity-token", "t", "--bundle", "b", "a"}, fault.OfflineForbidden},
		"bundle not there":   {with("--bundle", "/nothing", "main.go"), fault.InputNotFound},
		"artifact not there": {with("--bundle", "main.go", "/nothing"), fault.InputNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			status, stderr := call(t, tt.args...)
			assert.Equal(t, tt.want.Exit(), status)
			assert.Contains(t, stderr, "("+string(tt.want)+")")
		})
	}
}
