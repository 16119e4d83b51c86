package cli

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// named returns whatever the command line may name a file by: arguments, and the texts
// of all flags but that of the output. Most flags of a verdict name files that it rests
// on, and to take those of the others for files as well does no harm.
func named(cmd *cobra.Command) []string {
	names := slices.Clone(cmd.Flags().Args())
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "output" {
			names = append(names, givenTexts(f.Value)...)
		}
	})
	return names
}

// basis returns the files and directories that a verdict rests on: what the command line
// names, what its patterns match, the configuration, and what is kept of keys and trust.
func (s *session) basis() []string {
	names := append(slices.Clone(s.named), s.loaded.File, s.config.Keyring, s.dataPath(keyringName), s.dataPath(trustName))
	for _, pattern := range s.named {
		if _, err := os.Lstat(pattern); err == nil {
			continue
		}
		matches, _ := filepath.Glob(pattern) // nothing, if it is none
		names = append(names, matches...)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" || name == "-" })
}
