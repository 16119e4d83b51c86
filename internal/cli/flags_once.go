package cli

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
)

// once is the value of a flag that takes one value: a second one is refused, even if it
// is the same. pflag would keep the last and drop what the first demands in silence.
//
// It counts what the command line says. The environment and the configuration are no
// part of flags, see config.go.
type once struct {
	pflag.Value

	given bool
}

// Set implements pflag.Value.
func (o *once) Set(text string) error {
	if o.given {
		return errTwice
	}
	o.given = true
	return o.Value.Set(text)
}

// errTwice is not shown: flagFault says which flag it is about.
var errTwice = errors.New("given twice")

// giveOnce makes every flag of cmd and of the commands under it that takes one value
// refuse a second one.
func giveOnce(cmd *cobra.Command) {
	for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
		flags.VisitAll(func(f *pflag.Flag) {
			if takesOne(f.Value) {
				f.Value = &once{Value: f.Value}
			}
		})
	}
	for _, sub := range cmd.Commands() {
		giveOnce(sub)
	}
}

// takesOne reports whether a flag takes one value: it is neither repeatable nor a
// switch.
func takesOne(v pflag.Value) bool {
	if _, repeatable := v.(pflag.SliceValue); repeatable {
		return false
	}
	_, bound := v.(*once)
	return !bound && v.Type() != "bool"
}

// valueOf returns the value of a flag as it was registered.
func valueOf(f *pflag.Flag) pflag.Value {
	if o, ok := f.Value.(*once); ok {
		return o.Value
	}
	return f.Value
}

func givenTwice(f *pflag.Flag) error {
	return fault.New(fault.UsageInvalid, "%s is given twice; it takes one value", dashed(f)).
		WithHint("leave out the one that is not meant")
}
