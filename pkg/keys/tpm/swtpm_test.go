package tpm_test

import (
	"strings"
	"testing"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/swtpm"
)

// softTPM is a TPM in a process, with programs that use it.
type softTPM struct{ *swtpm.TPM }

// newTPM starts a TPM of its own for a test. It ends with the test.
func newTPM(t testing.TB) *softTPM {
	t.Helper()
	return &softTPM{swtpm.New(t)}
}

// tool runs one of tpm2-tools, or openssl, on the TPM.
func (s *softTPM) tool(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	for _, variable := range s.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	return testkit.Tool(t, s.Dir, name, args...)
}
