package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/spelling"
)

// flagFault puts an error of pflag into our words. cobra calls it with the
// command that has the flags.
func flagFault(cmd *cobra.Command, err error) error {
	if cmd.HasSubCommands() && cmd.Flags().NArg() > 0 {
		return unknownCommand(cmd, cmd.Flags().Arg(0)) // the flag may be right for the command that was meant
	}
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(cmd, unknown)
	case errors.As(err, &bare):
		return fault.New(fault.UsageInvalid, "flag %s needs a value", dashed(bare.GetFlag())).WithHint("%s", seeHelp(cmd))
	case errors.As(err, &invalid):
		return invalidValue(invalid)
	}
	return fault.Wrap(fault.UsageInvalid, err, "").WithHint("%s", seeHelp(cmd))
}

func unknownFlag(cmd *cobra.Command, err *pflag.NotExistError) error {
	name := err.GetSpecifiedName()
	if err.GetSpecifiedShortnames() != "" {
		return fault.New(fault.UsageInvalid, "unknown flag %q for %q", "-"+name, cmd.CommandPath()).
			WithHint("%s", seeHelp(cmd))
	}
	f := fault.New(fault.UsageInvalid, "unknown flag %q for %q", "--"+name, cmd.CommandPath())
	if hint, ok := expectation(cmd.Name(), name); ok {
		return f.WithHint("%s", hint)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near, ok := spelling.Nearest(name, names); ok {
		return f.WithHint("did you mean --%s?", near)
	}
	return f.WithHint("%s", seeHelp(cmd))
}

// expectation answers flags that people bring along from other tools.
func expectation(command, flag string) (hint string, ok bool) {
	switch flag {
	case "signature", "bundle":
		return "the evidence comes first, and the artifact by a flag: stella verify EVIDENCE --subject FILE", command == "verify"
	case "json":
		return "say --format json", true
	case "version":
		return "run stella version", true
	case "passphrase", "password", "pin":
		return "a secret on the command line can be read by every user of the machine; give it with --passphrase-file, --passphrase-env or --askpass", true
	}
	return "", false
}

func invalidValue(err *pflag.InvalidValueError) error {
	if errors.Is(err, errTwice) {
		return givenTwice(err.GetFlag())
	}
	f := fault.New(fault.UsageInvalid, "invalid value %q for %s", err.GetValue(), dashed(err.GetFlag()))
	if c, ok := valueOf(err.GetFlag()).(*choice); ok {
		if err.GetFlag().Name == keyFormat && slices.Contains(verdictFormats(), err.GetValue()) {
			return f.WithHint("that is a format of verdicts, for stella verify; here there is %s", strings.Join(c.allowed, ", "))
		}
		return f.WithHint("%s", chooseHint(err.GetValue(), c.allowed))
	}
	return f.WithHint("it takes a value of type %s", err.GetFlag().Value.Type())
}

func dashed(f *pflag.Flag) string { return "--" + f.Name }

func seeHelp(cmd *cobra.Command) string { return fmt.Sprintf("see %s --help", cmd.CommandPath()) }

// unknownCommand is the fault for a word that is no sub-command of cmd.
func unknownCommand(cmd *cobra.Command, word string) error {
	f := fault.New(fault.UsageInvalid, "unknown command %q for %q", word, cmd.CommandPath())
	if near, ok := spelling.Nearest(word, commandNames(cmd)); ok {
		return f.WithHint("did you mean %s %s?", cmd.CommandPath(), near)
	}
	return f.WithHint("%s", seeHelp(cmd))
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return names
}

// group makes cmd a command that only holds others: without one of them it is
// wrong usage and not a request for help.
func group(cmd *cobra.Command, subs ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(subs...)
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return fault.New(fault.UsageInvalid, "%q needs a command: %s", cmd.CommandPath(), strings.Join(commandNames(cmd), ", ")).
			WithHint("%s", seeHelp(cmd))
	}
	return cmd
}

// wantAtMost is the check for one argument that may be left out.
func wantAtMost(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return wantArgs(name)(cmd, args)
	}
}

// wantOneOrTwo is the check for two arguments, of which the second may be left out.
func wantOneOrTwo(first, second string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return wantArgs(first, second)(cmd, args)
	}
}

// wantArgs is the check for arguments called names, of which the last one may
// be repeated when it ends in "...".
func wantArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		repeated := len(names) > 0 && strings.HasSuffix(names[len(names)-1], "...")
		switch {
		case len(args) < len(names):
			return fault.New(fault.UsageInvalid, "%q needs an argument: %s", cmd.CommandPath(), strings.TrimSuffix(names[len(args)], "...")).
				WithHint("%s", seeHelp(cmd))
		case len(args) > len(names) && !repeated:
			return fault.New(fault.UsageInvalid, "unexpected argument %q for %q", args[len(names)], cmd.CommandPath()).
				WithHint("%s", seeHelp(cmd))
		case slices.Contains(args, ""):
			return fault.New(fault.UsageInvalid, "an argument of %q is empty", cmd.CommandPath()).
				WithHint("give it a value; is a variable of the script not set?")
		}
		return nil
	}
}

// atMostOneArg is the check for one argument that can be left away.
func atMostOneArg(cmd *cobra.Command, args []string) error {
	if len(args) < 2 {
		return nil
	}
	return fault.New(fault.UsageInvalid, "unexpected argument %q for %q", args[1], cmd.CommandPath()).
		WithHint("%s", seeHelp(cmd))
}
