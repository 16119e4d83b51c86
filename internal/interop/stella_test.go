//go:build interop

package interop

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// stella runs bin/stella in dir and wants it to succeed.
func stella(t *testing.T, dir string, args ...string) result {
	t.Helper()
	r := run(t, dir, program(t, "bin", "stella"), args...)
	require.Zero(t, r.status, "stella %q\n%s%s", args, r.stdout, r.stderr)
	return r
}

// stellaFails runs bin/stella in dir and wants this exit status and this
// reason (contracts, section 2).
func stellaFails(t *testing.T, dir string, status int, reason string, args ...string) result {
	t.Helper()
	r := run(t, dir, program(t, "bin", "stella"), append(args, "--format", "json")...)
	require.Equal(t, status, r.status, "stella %q\n%s%s", args, r.stdout, r.stderr)
	require.Contains(t, r.stdout+r.stderr, `"`+reason+`"`, "stella %q", args)
	return r
}

// stellaKey makes a key pair NAME, NAME.pub in dir.
func stellaKey(t *testing.T, dir, name, algorithm string) {
	t.Helper()
	stella(t, dir, "keys", "generate", "--algorithm", algorithm, "--no-passphrase", "-o", name)
}
