package cli

import "github.com/stellaops/stella/internal/fault"

// stdinOnce refuses a command line that names standard input twice: the second
// reader would find it empty.
func stdinOnce(names ...string) error {
	n := 0
	for _, name := range names {
		if name == "-" {
			n++
		}
	}
	if n > 1 {
		return fault.New(fault.UsageInvalid, "standard input (-) is named %d times and can be read once", n).
			WithHint("keep one of them in a file and name that")
	}
	return nil
}
