package endtoend

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// weigh runs the command in the arguments, writes the largest memory that it
// held, in KiB, to a file and returns its exit status. A process begins with
// the memory of the one it was forked from, which counts: so this one must be
// small, and the process that tests is not.
func weigh(file string) int {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	for _, variable := range os.Environ() {
		if variable != weighVariable+"="+file {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	_ = cmd.Run() // the exit status tells
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok || os.WriteFile(file, strconv.AppendInt(nil, usage.Maxrss, 10), 0o600) != nil {
		return 125
	}
	return cmd.ProcessState.ExitCode()
}
