//go:build !windows

package ui

// The controlling terminal, whatever standard input is.
const (
	terminalInput  = "/dev/tty"
	terminalOutput = "/dev/tty"
)
