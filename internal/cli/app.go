package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// app is the command tree and what all commands share while one of them runs.
type app struct {
	args  []string
	env   Env
	flags globalFlags
	ui    *ui.UI   // nil until a command has its session
	ran   *session // nil until then as well

	// opened is what ui was made with. Unlike the rest it is also read after
	// an interrupt, while the command may still be running.
	opened atomic.Pointer[ui.Options]
}

// globalFlags are the flags that every command has. What can also be
// configured stands in the settings, see config.go.
type globalFlags struct {
	config  string
	quiet   bool
	verbose bool
}

func newApp(args []string, env Env) *app { return &app{args: args, env: env} }

// AddFlags registers the flags.
func (f *globalFlags) AddFlags(fs *pflag.FlagSet) {
	choice := newChoice(formatText, formats()...)
	fs.Var(choice, keyFormat, "how the result is shown: `text|json`")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print results, warnings and errors only")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "print what is being done")
	fs.Bool(keyNoColor, false, "print without colour")
	fs.Bool(keyOffline, false, "forbid the network, also to keys that live behind it")
	fs.String(keyState, "", "keep keyring, audit log, trust and all other state in `DIR`, which must be there")
	fs.Var(newChoice(string(buildProfile()), profileNames()...), keyProfile, "allow the algorithms of a profile only: `"+strings.Join(profileNames(), "|")+"`")
	fs.StringVar(&f.config, "config", "", "configuration `FILE`, instead of the user's own")
}

// execute parses the command line and runs the command.
func (a *app) execute(ctx context.Context) error {
	root := newRootCommand(a)
	root.SetArgs(a.args)
	root.SetIn(a.env.Stdin)
	root.SetOut(a.env.Stdout)
	root.SetErr(a.env.Stderr)
	err := a.closed(root.ExecuteContext(ctx))
	if err != nil && a.ui == nil && fault.ReasonOf(err) == fault.Internal {
		// No command has run yet: cobra is not content with the flags.
		return fault.Wrap(fault.UsageInvalid, err, "")
	}
	return err
}

// closed ends what the command's session holds open.
func (a *app) closed(err error) error {
	if a.ran == nil {
		return err
	}
	a.ran.closeKeys()
	return cmp.Or(err, a.ran.trail.close())
}

// session is one run of one command.
type session struct {
	Env
	command string // as the user calls it, without the program's name
	ui      *ui.UI
	config  Config
	named   []string     // what the command line names, see named
	loaded  loadedConfig // how config came to be; empty in a bare session
	// secrets are the passphrases in environment variables.
	secrets *keys.Environment
	// trail records the uses of keys; nil before the first.
	trail *trail
	// held are the keys that are open until the command ends: a TPM has place for
	// few, and a token serves one program at a time.
	held []dsse.Signer
}

// load returns the session of cmd, with the configuration read and its state
// directory looked at.
func (a *app) load(cmd *cobra.Command) (*session, error) {
	s, err := a.configured(cmd)
	if err != nil {
		return nil, err
	}
	if err := checkState(s.config); err != nil {
		return nil, err
	}
	return s, nil
}

// configured is load for commands that show what is set, whatever it is worth.
func (a *app) configured(cmd *cobra.Command) (*session, error) {
	loaded, err := loadConfig(a.env, cmd.Flags(), a.flags.config)
	if err != nil {
		return nil, err
	}
	s, err := a.open(cmd, loaded.Config)
	if err != nil {
		return nil, err
	}
	s.loaded = loaded
	for _, name := range loaded.unknown {
		if !a.mentions(name) {
			s.ui.Warn("environment variable %s is not a setting of stella and has no effect", name)
		}
	}
	return s, nil
}

// bare returns the session of a command that works without configuration:
// flags and environment only, and no complaint about the latter.
func (a *app) bare(cmd *cobra.Command) (*session, error) {
	config, err := bareConfig(a.env, cmd.Flags())
	if err != nil {
		return nil, err
	}
	return a.open(cmd, config)
}

func (a *app) open(cmd *cobra.Command, config Config) (*session, error) {
	if a.flags.quiet && a.flags.verbose {
		return nil, fault.New(fault.UsageInvalid, "--quiet and --verbose exclude each other")
	}
	o := a.uiOptions()
	o.NoColor = config.NoColor
	o.JSON = speaksJSON(config.Format)
	a.opened.Store(&o)
	a.ui = ui.New(o)
	a.ran = &session{
		Env:     a.env,
		command: strings.TrimPrefix(cmd.CommandPath(), "stella "),
		ui:      a.ui,
		config:  config,
		named:   named(cmd),
		secrets: keys.NewEnvironment(a.env.LookupEnv, a.env.Unsetenv),
	}
	return a.ran, nil
}

// mentions reports whether the command line names the environment variable, as
// --passphrase-env does.
func (a *app) mentions(name string) bool {
	return slices.ContainsFunc(a.args, func(arg string) bool { return strings.Contains(arg, name) })
}

func (a *app) uiOptions() ui.Options {
	return ui.Options{
		Stdout:      a.env.Stdout,
		Stderr:      a.env.Stderr,
		StdoutWidth: a.env.StdoutWidth,
		StderrWidth: a.env.StderrWidth,
		Getenv:      a.env.getenv,
		Quiet:       a.flags.quiet,
		Verbose:     a.flags.verbose,
		Warnings:    &ui.Warnings{},
		Terminal:    a.env.Terminal,
	}
}

// failureOptions is uiOptions for a failure, which may come before flags and
// configuration could be read: what the command line and the environment say
// literally then counts.
func (a *app) failureOptions() ui.Options {
	if o := a.opened.Load(); o != nil {
		return *o
	}
	o := a.uiOptions()
	o.NoColor = slices.Contains(a.args, "--"+keyNoColor)
	o.JSON = speaksJSON(a.env.getenv(envName(keyFormat)))
	for i, arg := range a.args {
		switch {
		case arg == "--":
			return o
		case arg == "--"+keyFormat && i+1 < len(a.args):
			o.JSON = speaksJSON(a.args[i+1])
		case strings.HasPrefix(arg, "--"+keyFormat+"="):
			o.JSON = speaksJSON(strings.TrimPrefix(arg, "--"+keyFormat+"="))
		}
	}
	return o
}
