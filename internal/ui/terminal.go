package ui

import (
	"os"

	"golang.org/x/term"

	"github.com/stellaops/stella/internal/fault"
)

// OpenTerminal opens the terminal that the process was started from. Without
// one (CI, a service) the error has the reason passphrase.required.
func OpenTerminal() (Terminal, error) {
	in, err := os.OpenFile(terminalInput, os.O_RDWR, 0)
	if err != nil || !term.IsTerminal(int(in.Fd())) {
		if err == nil {
			in.Close()
		}
		return nil, fault.New(fault.PassphraseRequired, "a passphrase or PIN is needed and there is no terminal to ask on").
			WithHint("give it with --passphrase-file, --passphrase-env or --askpass")
	}
	if terminalOutput == terminalInput {
		return &console{in: in, out: in}, nil
	}
	out, err := os.OpenFile(terminalOutput, os.O_RDWR, 0)
	if err != nil {
		in.Close()
		return nil, fault.Wrap(fault.PassphraseRequired, err, "failed to open the console")
	}
	return &console{in: in, out: out}, nil
}

// console is one terminal behind one file, or behind two on Windows.
type console struct{ in, out *os.File }

var _ Terminal = (*console)(nil)

func (c *console) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *console) Write(p []byte) (int, error) { return c.out.Write(p) }

func (c *console) Close() error {
	err := c.in.Close()
	if c.out != c.in {
		c.out.Close()
	}
	return err
}

func (c *console) Raw() (func() error, error) {
	fd := int(c.in.Fd())
	state, err := term.MakeRaw(fd)
	if err != nil {
		return nil, err
	}
	return func() error { return term.Restore(fd, state) }, nil
}

// Width returns the columns of the terminal behind stream, and 0 when there is
// none. A terminal that does not know its size counts as 80 columns.
func Width(stream any) int {
	const usual = 80
	file, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		return width
	}
	return usual
}
