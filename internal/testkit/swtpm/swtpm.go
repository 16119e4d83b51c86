// Package swtpm gives tests TPMs in software: Debian's swtpm, each in a process of
// its own that ends with the test, and makers that certify them as a factory does.
package swtpm

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
)

// TPM is a TPM that can be killed and started again.
type TPM struct {
	Dir    string // of its state
	Socket string // which serves one program at a time
	cmd    *exec.Cmd
}

// New starts a TPM. Where swtpm is not installed the test is skipped, in CI it
// fails.
func New(t testing.TB) *TPM {
	t.Helper()
	testkit.Tool(t, ".", "swtpm", "--version")
	dir, err := os.MkdirTemp("", "tpm") // a socket's path has 107 characters at most
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	tpm := &TPM{Dir: dir, Socket: filepath.Join(dir, "s")}
	tpm.Start(t)
	t.Cleanup(tpm.Kill)
	return tpm
}

// Start lets the TPM run with the state that its directory has.
func (s *TPM) Start(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+s.Dir,
		"--server", "type=unixio,path="+s.Socket, "--ctrl", "type=unixio,path="+s.Socket+".ctrl",
		"--flags", "not-need-init,startup-clear")
	require.NoError(t, s.cmd.Start())
	require.Eventually(t, func() bool {
		c, err := net.Dial("unix", s.Socket)
		if err != nil {
			return false
		}
		return c.Close() == nil
	}, 10*time.Second, 5*time.Millisecond, "swtpm does not listen")
}

// Kill takes the TPM away.
func (s *TPM) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	_ = os.Remove(s.Socket)
	s.cmd = nil
}

// Environ are the variables by which tpm2-tools and the provider of OpenSSL find
// the TPM.
func (s *TPM) Environ() []string {
	return []string{"TPM2TOOLS_TCTI=swtpm:path=" + s.Socket, "TPM2OPENSSL_TCTI=swtpm:path=" + s.Socket}
}
