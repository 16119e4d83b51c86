package cli

import (
	"io"
	"net/http"
	"os"
	"time"

	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/keys"
)

// Env is the world that a command acts in. Tests make their own; System is the
// process's.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// StdoutWidth and StderrWidth are the columns of the terminal that the
	// stream goes to, and 0 when it goes to a file or a pipe.
	StdoutWidth, StderrWidth int
	// StdoutClosed says that the program was started without a standard output
	// and that what goes there is lost.
	StdoutClosed bool

	// Now is the clock.
	Now func() time.Time

	// HTTP is the network, for commands that the user allowed to use it.
	HTTP http.RoundTripper

	// Drivers are key drivers beside those of the build, for tests.
	Drivers []keys.Driver

	// Environ, LookupEnv and Unsetenv are the environment variables.
	Environ   func() []string
	LookupEnv func(name string) (string, bool)
	Unsetenv  func(name string) error

	// Executable returns the path of the running program.
	Executable func() (string, error)

	// Caller names who runs the command, for the audit log.
	Caller func() string

	// Terminal opens the user's terminal for a prompt, whatever the standard
	// streams are.
	Terminal func() (ui.Terminal, error)
}

// System returns the world of this process.
func System() Env {
	return Env{
		Stdin:        os.Stdin,
		Stdout:       os.Stdout,
		Stderr:       os.Stderr,
		StdoutWidth:  ui.Width(os.Stdout),
		StderrWidth:  ui.Width(os.Stderr),
		StdoutClosed: startedClosed(os.Stdout),
		Now:          time.Now,
		HTTP:         http.DefaultTransport,
		Environ:      os.Environ,
		LookupEnv:    os.LookupEnv,
		Unsetenv:     os.Unsetenv,
		Executable:   os.Executable,
		Caller:       localCaller,
		Terminal:     ui.OpenTerminal,
	}
}

// getenv returns a variable's value, empty when it is not set.
func (e Env) getenv(name string) string {
	value, _ := e.LookupEnv(name)
	return value
}
