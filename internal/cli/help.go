package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/ui"
)

// helpWidth is how wide help is where nothing narrower limits it, in columns.
const helpWidth = 80

func newHelpCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "show the help of a command or a topic",
		Long: `Show the help of a command, or of one of the topics exit-codes and
environment.`,
		Example: `  stella help keys generate
  stella help exit-codes`,
		Args: cobra.ArbitraryArgs,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			found, _, err := cmd.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(found), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return unknownCommand(found, rest[0])
			}
			return found.Help()
		},
	}
}

// help prints the help of cmd. It reads no configuration, and overlooks what
// is wrong with the environment: help is what one asks for then.
func (a *app) help(cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag() // stella help COMMAND has not parsed COMMAND's flags
	options := a.uiOptions()
	options.NoColor, _ = cmd.Root().PersistentFlags().GetBool(keyNoColor)
	options.JSON = a.failureOptions().JSON // for a failure to print: help itself has one form
	a.opened.Store(&options)
	a.ui = ui.New(options)
	p := a.ui.Out
	width := p.Width(helpWidth)
	if cmd.IsAdditionalHelpTopicCommand() { // nothing that can be run
		p.Prose(longOf(cmd), helpWidth)
		return
	}
	if cmd.HasParent() {
		p.Prose(longOf(cmd), helpWidth)
		p.Blank()
		p.Section("Usage", "  "+usageLine(cmd)+"\n")
		section(p, "Examples", cmd.Example)
		subcommands(p, cmd)
		section(p, "Flags", flagUsages(cmd.LocalFlags(), width))
		section(p, "Global flags", flagUsages(cmd.InheritedFlags(), width))
		if cmd.Runnable() {
			p.Prose("Exit status: "+shortStatuses(cmd)+" See stella help exit-codes.", helpWidth)
		}
		return
	}
	// The list of commands has to fit on a screen with what stands around it.
	p.Prose(longOf(cmd), helpWidth)
	p.Verbatim(strings.TrimRight(cmd.Example, "\n") + "\n\n")
	subcommands(p, cmd)
	p.Prose("More: stella COMMAND --help, stella help exit-codes, stella help environment.", helpWidth)
}

func longOf(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return cmd.Short
}

// usageLine is cobra's without the flags that cmd has not got.
func usageLine(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() {
		return cmd.CommandPath() + " COMMAND"
	}
	return strings.Replace(cmd.UseLine(), "[flags]", "[FLAGS]", 1)
}

func section(p *ui.Printer, title, body string) {
	if strings.TrimSpace(body) == "" {
		return
	}
	p.Section(title, strings.TrimRight(body, "\n")+"\n")
}

func subcommands(p *ui.Printer, cmd *cobra.Command) {
	var pairs []ui.Pair
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			pairs = append(pairs, ui.P("  "+sub.Name(), ui.T(sub.Short)))
		}
	}
	if len(pairs) == 0 {
		return
	}
	p.Section("Commands", "")
	p.Pairs(pairs...)
	p.Blank()
}

func flagUsages(flags *pflag.FlagSet, width int) string { return flags.FlagUsagesWrapped(width) }
