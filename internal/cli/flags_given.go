package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
)

// refuseVoid refuses flags that were given and say nothing: the empty text that an
// unset variable of a script makes of --policy "$POLICY", and a count below zero. Taken
// for a flag that was left out, each would drop a demand in silence.
//
// It runs before every command, and there is no flag for which emptiness means
// something. An empty environment variable is another matter: it counts as not set.
func refuseVoid(cmd *cobra.Command, _ []string) error {
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil {
			err = refuseVoidFlag(f)
		}
	})
	return err
}

func refuseVoidFlag(f *pflag.Flag) error {
	switch {
	case slices.Contains(givenTexts(f.Value), ""):
		return fault.New(fault.UsageInvalid, "%s is empty", dashed(f)).
			WithHint("give it a value, or leave the flag out; is a variable of the script not set?")
	case isNegative(f.Value):
		return fault.New(fault.UsageInvalid, "%s %s is less than nothing", dashed(f), f.Value)
	}
	return nil
}

// givenTexts returns the texts of a flag of text, each of them if it is repeated.
func givenTexts(v pflag.Value) []string {
	if list, ok := v.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	if v.Type() == "string" {
		return []string{v.String()}
	}
	return nil
}

func isNegative(v pflag.Value) bool {
	switch v.Type() {
	case "int", "int64":
		return strings.HasPrefix(v.String(), "-")
	}
	return false
}
