package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// choice is the value of a flag that takes one of a few words.
type choice struct {
	value   string
	allowed []string
}

var _ pflag.Value = (*choice)(nil)

func newChoice(initial string, allowed ...string) *choice { return &choice{initial, allowed} }

func (c *choice) String() string { return c.value }

// Type is what help shows where usage names no placeholder.
func (c *choice) Type() string { return strings.Join(c.allowed, "|") }

func (c *choice) Set(value string) error {
	if !slices.Contains(c.allowed, value) {
		return errChoice
	}
	c.value = value
	return nil
}

// errChoice is not shown: flagFault says which values there are.
var errChoice = errors.New("not one of the allowed values")

// completeChoices makes shells complete the values of every choice flag of cmd.
func completeChoices(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { completeFlag(cmd, f) })
	cmd.PersistentFlags().VisitAll(func(f *pflag.Flag) { completeFlag(cmd, f) })
	for _, sub := range cmd.Commands() {
		completeChoices(sub)
	}
}

func completeFlag(cmd *cobra.Command, f *pflag.Flag) {
	c, ok := valueOf(f).(*choice)
	if !ok {
		return
	}
	// The only error is a second registration, which VisitAll rules out.
	_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(c.allowed, cobra.ShellCompDirectiveNoFileComp))
}
