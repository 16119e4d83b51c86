package ui

// The console, whatever standard input is.
const (
	terminalInput  = "CONIN$"
	terminalOutput = "CONOUT$"
)
