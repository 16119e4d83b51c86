package cli

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/spelling"
)

func newCompletionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "print a completion script for bash, zsh, fish or powershell",
		Long: `Print a script that makes SHELL complete the commands, flags and values of
stella. SHELL is bash, zsh, fish or powershell.

For the running shell only: source <(stella completion bash). To keep it, write
the script where the shell looks, for bash
~/.local/share/bash-completion/completions/stella, for zsh a file _stella in a
directory of $fpath, for fish ~/.config/fish/completions/stella.fish, for
PowerShell your $PROFILE.`,
		Example: `  stella completion bash
  stella completion fish > stella.fish`,
		Args:      wantArgs("SHELL"),
		ValidArgs: Shells(),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.bare(cmd)
			if err != nil {
				return err
			}
			return runCompletion(s, cmd.Root(), args[0])
		},
	}
}

func runCompletion(s *session, root *cobra.Command, shell string) error {
	var script bytes.Buffer
	if err := WriteCompletion(&script, root, shell); err != nil {
		return err
	}
	s.ui.Out.Verbatim(script.String())
	return s.ui.Out.Flush()
}

// Shells returns the shells that there are completions for.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// WriteCompletion writes the completion script of root for shell to w.
func WriteCompletion(w io.Writer, root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(w, true)
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w)
	}
	f := fault.New(fault.UsageInvalid, "no completions for shell %q", shell)
	if near, ok := spelling.Nearest(shell, Shells()); ok {
		return f.WithHint("did you mean %s?", near)
	}
	return f.WithHint("choose one of: %s", strings.Join(Shells(), ", "))
}
