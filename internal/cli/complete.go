package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

// completionTime bounds what a shell waits for a device after the tab key.
const completionTime = 2 * time.Second

// completeKeys makes shells complete key references: flags that take one, and
// the arguments of the commands about keys.
func completeKeys(a *app, cmd *cobra.Command) {
	for _, flag := range []string{"key", "trust", "to"} {
		if cmd.Flags().Lookup(flag) != nil {
			// The only error is a second registration, which one visit rules out.
			_ = cmd.RegisterFlagCompletionFunc(flag, a.completeReference)
		}
	}
	if cmd.Flags().Lookup(flagDriver) != nil {
		_ = cmd.RegisterFlagCompletionFunc(flagDriver, a.completeDriver)
	}
	for _, sub := range cmd.Commands() {
		completeKeys(a, sub)
	}
}

// completing returns the session of a completion: like that of the command, but
// what is wrong with the configuration is no reason to complain.
func (a *app) completing(cmd *cobra.Command) (*session, bool) {
	loaded, err := loadConfig(a.env, cmd.Flags(), a.flags.config)
	if err != nil {
		return nil, false
	}
	environment := keys.NewEnvironment(a.env.LookupEnv, a.env.Unsetenv)
	return &session{Env: a.env, config: loaded.Config, secrets: environment}, true
}

// completeReference completes what begins with a scheme, and leaves paths to
// the shell.
func (a *app) completeReference(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	s, ok := a.completing(cmd)
	if !ok {
		return nil, cobra.ShellCompDirectiveDefault
	}
	scheme, _, begunScheme := strings.Cut(begun, ":")
	var all []cobra.Completion
	switch {
	case !begunScheme:
		all = append([]cobra.Completion{keyring.Scheme + ":"}, s.trustNames(cmd)...)
		return beginning(all, begun), cobra.ShellCompDirectiveDefault | cobra.ShellCompDirectiveNoSpace
	case scheme+":" == trustScheme:
		all = s.trustNames(cmd)
	case scheme == keyring.Scheme:
		for _, name := range s.keyNames() {
			all = append(all, keyring.Scheme+":"+name)
		}
	default:
		all = s.seen(cmd.Context(), scheme)
	}
	return beginning(all, begun), cobra.ShellCompDirectiveNoFileComp
}

// completeName completes the one argument of a command that takes a key of the
// keyring.
func (a *app) completeName(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	s, ok := a.completing(cmd)
	if !ok || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return beginning(s.keyNames(), begun), cobra.ShellCompDirectiveNoFileComp
}

// completeKey completes the one argument of a command that takes any key.
func (a *app) completeKey(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeReference(cmd, args, begun)
}

// completeToken completes the one argument of a command about a token's PIN.
func (a *app) completeToken(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	s, ok := a.completing(cmd)
	if !ok || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if scheme, _, begunScheme := strings.Cut(begun, ":"); begunScheme {
		return beginning(append(s.seen(cmd.Context(), scheme), scheme+":"), begun), cobra.ShellCompDirectiveNoFileComp
	}
	var all []cobra.Completion
	for _, scheme := range schemesThat[keys.PINKeeper](s) {
		all = append(all, scheme+":")
	}
	return beginning(all, begun), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeDriver completes the schemes whose keys can be listed.
func (a *app) completeDriver(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	s, ok := a.completing(cmd)
	if !ok {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return beginning(schemesThat[keys.Lister](s), begun), cobra.ShellCompDirectiveNoFileComp
}

// schemesThat are the schemes whose driver is a D; none if the drivers cannot be
// had.
func schemesThat[D keys.Driver](s *session) []string {
	drivers, err := s.driversWith(keys.NoPassphrases)
	if err != nil {
		return nil
	}
	var all []string
	for _, scheme := range drivers.Schemes() {
		driver, err := drivers.Driver(scheme)
		if _, does := driver.(D); err == nil && does {
			all = append(all, scheme)
		}
	}
	return all
}

// keyNames are the names in the keyring; none if it cannot be read.
func (s *session) keyNames() []string {
	contents, err := s.keyring().Read()
	if err != nil {
		return nil
	}
	return contents.Names()
}

// seen are the references of what a driver sees; none if it takes too long.
func (s *session) seen(ctx context.Context, scheme string) []string {
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	found, _, err := s.list(ctx, scheme, scheme+":")
	if err != nil {
		return nil
	}
	var all []string
	for _, l := range found {
		all = append(all, l.Ref.String())
	}
	return all
}

func beginning(all []cobra.Completion, begun string) []cobra.Completion {
	var out []cobra.Completion
	for _, c := range all {
		if strings.HasPrefix(c, begun) {
			out = append(out, c)
		}
	}
	return out
}

// trustNames are the trust bundles, as --trust takes them; none where there is no such
// flag, or if they cannot be read.
func (s *session) trustNames(cmd *cobra.Command) []cobra.Completion {
	if cmd.Flags().Lookup("trust") == nil {
		return nil
	}
	names, err := s.trustHome().Names()
	if err != nil {
		return nil
	}
	var all []cobra.Completion
	for _, name := range names {
		all = append(all, trustScheme+name)
	}
	return all
}
