package authenticator

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// writeTimeout is how long a report waits for a client that reads nothing.
const writeTimeout = 2 * time.Second

// A line is a pseudo-terminal in place of a HID device. Clients open its slave,
// which passes reports of 64 bytes unchanged: no echo, no line editing, and a
// read or poll that is ready for whole reports only (VMIN=64).
type line struct {
	path          string
	master, slave *os.File
	min           int // bytes that make the slave readable
}

// openLine opens a pseudo-terminal. The slave stays open here too: else the
// master would read EIO whenever no client has it open.
func openLine() (*line, error) {
	master, path, err := openMaster()
	if err != nil {
		return nil, fmt.Errorf("no pseudo-terminal: %w", err)
	}
	slave, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, errors.Join(err, master.Close())
	}
	l := &line{path: path, master: master, slave: slave}
	if err := l.setMinimum(reportSize); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// openMaster opens a new master, unlocks its slave and returns the slave's path.
// Only SyscallConn reaches its descriptor, never Fd, which would make it one that
// blocks: closing it has to end a read.
func openMaster() (*os.File, string, error) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, "", err
	}
	var number int
	err = control(master, func(fd int) error {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	if err != nil {
		return nil, "", errors.Join(err, master.Close())
	}
	return master, "/dev/pts/" + strconv.Itoa(number), nil
}

// setMinimum makes the slave raw and readable from n bytes on.
func (l *line) setMinimum(n int) error {
	if l.min == n {
		return nil
	}
	raw := unix.Termios{Cflag: unix.CS8 | unix.CREAD}
	raw.Cc[unix.VMIN] = byte(n)
	if err := control(l.slave, func(fd int) error { return unix.IoctlSetTermios(fd, unix.TCSETS, &raw) }); err != nil {
		return fmt.Errorf("set up the pseudo-terminal: %w", err)
	}
	l.min = n
	return nil
}

// forget drops reports that no client has read. A HID device keeps none for a
// client that is not there; a pseudo-terminal would hand them to the next one.
func (l *line) forget() error {
	return control(l.slave, func(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) })
}

func control(file *os.File, f func(fd int) error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := conn.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}

// Read reads what clients write.
func (l *line) Read(p []byte) (int, error) { return l.master.Read(p) }

// write sends one report, or a part of one that the client is to read as it is.
func (l *line) write(report []byte) error {
	if err := l.setMinimum(len(report)); err != nil {
		return err
	}
	if err := l.master.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := l.master.Write(report)
	return err
}

func (l *line) close() {
	_ = l.master.Close() // both ends go away; nothing is lost that matters
	_ = l.slave.Close()
}
