package cli

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every flag of every command is tried, so that none is forgotten that comes later.
func TestNoFlagIsTakenForOneThatWasLeftOut(t *testing.T) {
	var texts, numbers int
	eachCommand(Command(), func(cmd *cobra.Command) {
		if !cmd.Runnable() || cmd.HasSubCommands() {
			return
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" {
				return
			}
			switch f.Value.Type() {
			case "bool":
			case "int", "int64", "number from 1 on":
				numbers++
				assertRefused(t, cmd, f, "-1")
			default:
				texts++
				assertRefused(t, cmd, f, "")
			}
		})
	})
	assert.Greater(t, texts, 300)
	assert.Greater(t, numbers, 10)
}

func assertRefused(t *testing.T, cmd *cobra.Command, f *pflag.Flag, value string) {
	t.Helper()
	if err := cmd.Flags().Set(f.Name, value); err == nil {
		assert.Error(t, refuseVoidFlag(f), "%s --%s %q", cmd.CommandPath(), f.Name, value)
	}
}

func eachCommand(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, sub := range cmd.Commands() {
		eachCommand(sub, do)
	}
}

// It is asked before any command runs: none has a hook of its own in the way.
func TestEveryCommandAsksForVoidFlags(t *testing.T) {
	root := Command()
	require.NotNil(t, root.PersistentPreRunE)
	eachCommand(root, func(cmd *cobra.Command) {
		if cmd != root {
			assert.Nil(t, cmd.PersistentPreRunE, cmd.CommandPath())
			assert.Nil(t, cmd.PersistentPreRun, cmd.CommandPath())
		}
	})
}

func TestVoidFlagsAreWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{"verify", "x", "--policy", ""},
		{"verify", "x", "--type="},
		{"verify", "x", "--at", ""},
		{"verify", "x", "--certificate-identity", ""},
		{"verify", "x", "--certificate", ""},
		{"verify", "x", "--key", "a", "--key", ""},
		{"verify", "x", "--require-log=-1"},
		{"verify", "x", "--require-timestamp=-3"},
		{"verify", "x", "--threshold=-1"},
		{"verify", "x", "-o", ""},
		{"forensic", "verify", "x", "--case", ""},
		{"promotion", "verify", "x", "--from", ""},
		{"offline-kit", "verify", "x", "--at", ""},
		{"offline-kit", "status", "--max-age", ""},
		{"trust", "init", "--root", ""},
		{"keys", "list", "--state", ""},
		{"config", "show", "--config", ""},
		{"sign", "blob", "x", "--key", ""},
		{"keys", "generate", "-o", "k", "--not-after", ""},
		{"version", "--state", ""},
	} {
		w := newWorld("STELLA_STATE=", "STELLA_ASKPASS=")
		assert.Equal(t, 2, Main(args, w.Env), args)
		assert.Regexp(t, `^stella: error: --[a-z-]+ (is empty|-\d is less than nothing)\n`, w.stderr.String(), args)
	}
	w := newWorld("STELLA_STATE=", "STELLA_ASKPASS=")
	assert.Equal(t, 0, Main([]string{"version"}, w.Env), "an empty variable counts as not set")
}

// Every flag of every command that takes one value refuses a second one, also the same.
func TestNoFlagIsDroppedForALaterOne(t *testing.T) {
	var single, others int
	eachCommand(Command(), func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			value, repeatable := sampleOf(f)
			if cmd.Flags().Set(f.Name, value) != nil {
				assert.Fail(t, "sample", "%s --%s %q", cmd.CommandPath(), f.Name, value)
			}
			switch err := cmd.Flags().Set(f.Name, value); {
			case repeatable:
				others++
				assert.NoError(t, err, "%s --%s", cmd.CommandPath(), f.Name)
			default:
				single++
				assert.ErrorIs(t, err, errTwice, "%s --%s", cmd.CommandPath(), f.Name)
			}
		})
	})
	assert.Greater(t, single, 200)
	assert.Greater(t, others, 100)
}

// sampleOf returns a value that the flag takes, and whether it may be given again.
func sampleOf(f *pflag.Flag) (value string, repeatable bool) {
	if c, ok := valueOf(f).(*choice); ok {
		return c.allowed[0], false
	}
	switch f.Value.Type() {
	case "bool":
		return "true", true
	case "string", "int", "int64", "number from 1 on":
		return "1", false
	}
	return "1", true
}

func TestAFlagGivenTwiceIsWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{"verify", "x", "--policy", "a", "--policy", "b"},
		{"verify", "x", "--policy=a", "--policy", "a"},
		{"verify", "x", "--type", "spdx", "--type", "cyclonedx"},
		{"verify", "x", "--threshold", "2", "--threshold", "1"},
		{"verify", "x", "--threshold", "1", "--threshold", "1"},
		{"verify", "x", "--certificate-identity", "a", "--certificate-identity", "b"},
		{"verify", "x", "--expect", "2", "--expect", "1"},
		{"verify", "x", "--at", "2026-11-23T12:00:00Z", "--at", "2026-11-23T12:00:00Z"},
		{"verify", "x", "--require-log", "1", "--require-log", "1"},
		{"verify", "x", "--output", "a", "-ob"},
		{"--profile", "default", "verify", "x", "--profile", "default"},
		{"--format", "json", "version", "--config", "a", "--config", "b"},
	} {
		w := newWorld("STELLA_STATE=", "STELLA_PROFILE=default")
		assert.Equal(t, 2, Main(args, w.Env), args)
		assert.Regexp(t, `--[a-z-]+ is given twice; it takes one value`, w.stderr.String(), args)
	}
	w := newWorld("STELLA_STATE=", "STELLA_FORMAT=json")
	assert.Equal(t, 0, Main([]string{"version", "--format", "text", "-q", "-q"}, w.Env), "the environment is no flag, and a switch takes no value")
}
