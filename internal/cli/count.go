package cli

import (
	"errors"
	"strconv"

	"github.com/spf13/pflag"
)

// count is the value of a flag that takes a number of at least 1; 0 for a flag that
// was not given.
type count int

var _ pflag.Value = (*count)(nil)

func (c *count) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.Itoa(int(*c))
}

// Type is what help shows where usage names no placeholder.
func (c *count) Type() string { return "number from 1 on" }

func (c *count) Set(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return errCount
	}
	*c = count(n)
	return nil
}

// errCount is not shown: flagFault says what the flag takes.
var errCount = errors.New("not a number from 1 on")
