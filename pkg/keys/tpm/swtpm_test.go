package tpm_test

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

// softTPM is a TPM in a process: Debian's swtpm.
type softTPM struct {
	dir    string
	socket string
	cmd    *exec.Cmd
}

// newTPM starts a TPM of its own for a test. It ends with the test.
func newTPM(t testing.TB) *softTPM {
	t.Helper()
	testkit.Tool(t, ".", "swtpm", "--version")
	dir, err := os.MkdirTemp("", "tpm") // a socket's path has 107 characters at most
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	tpm := &softTPM{dir: dir, socket: filepath.Join(dir, "s")}
	tpm.start(t)
	t.Cleanup(tpm.kill)
	return tpm
}

// start lets the TPM run with the state that its directory has.
func (s *softTPM) start(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+s.dir,
		"--server", "type=unixio,path="+s.socket, "--ctrl", "type=unixio,path="+s.socket+".ctrl",
		"--flags", "not-need-init,startup-clear")
	require.NoError(t, s.cmd.Start())
	require.Eventually(t, func() bool {
		c, err := net.Dial("unix", s.socket)
		if err != nil {
			return false
		}
		return c.Close() == nil
	}, 10*time.Second, 5*time.Millisecond, "swtpm does not listen")
}

// kill takes the TPM away.
func (s *softTPM) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	_ = os.Remove(s.socket)
	s.cmd = nil
}

// tool runs one of tpm2-tools, or openssl, on the TPM.
func (s *softTPM) tool(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	t.Setenv("TPM2TOOLS_TCTI", "swtpm:path="+s.socket)
	t.Setenv("TPM2OPENSSL_TCTI", "swtpm:path="+s.socket)
	return testkit.Tool(t, s.dir, name, args...)
}
