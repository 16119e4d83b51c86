package tpm_test

import (
	"io"
	"net"
	"os"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/stellaops/stella/pkg/keys"
)

// TestCharacterDevice reaches the TPM as the kernel offers one, through a
// terminal that passes everything on.
func TestCharacterDevice(t *testing.T) {
	device := newTPM(t)
	path, made := generate(t, driver(secret, device.Socket), keys.RSA3072, "")

	master, slave, err := pty.Open()
	require.NoError(t, err)
	defer master.Close()
	defer slave.Close()
	makeRaw(t, slave)
	down, err := net.Dial("unix", device.Socket)
	require.NoError(t, err)
	defer down.Close()
	go copyAll(down, master)
	go copyAll(master, down)
	s, err := driver(secret, slave.Name()).Open(t.Context(), ref(t, "tpm:"+path))
	require.NoError(t, err)
	verifies(t, s, made.Public)
	require.NoError(t, keys.Close(s))
}

// makeRaw makes a terminal pass bytes as they are.
func makeRaw(t *testing.T, terminal *os.File) {
	t.Helper()
	raw := unix.Termios{Cflag: unix.CS8 | unix.CREAD}
	raw.Cc[unix.VMIN] = 1
	require.NoError(t, unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, &raw))
}

// copyAll copies until either side ends.
func copyAll(to io.Writer, from io.Reader) { _, _ = io.Copy(to, from) }
