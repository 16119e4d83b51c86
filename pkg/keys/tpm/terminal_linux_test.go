package tpm_test

import (
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// makeRaw makes a terminal pass bytes as they are.
func makeRaw(t *testing.T, terminal *os.File) {
	t.Helper()
	raw := unix.Termios{Cflag: unix.CS8 | unix.CREAD}
	raw.Cc[unix.VMIN] = 1
	require.NoError(t, unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, &raw))
}

// copyAll copies until either side ends.
func copyAll(to io.Writer, from io.Reader) { _, _ = io.Copy(to, from) }
