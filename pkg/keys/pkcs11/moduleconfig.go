package pkcs11

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/stellaops/stella/pkg/keys"
)

// maxConfigSize bounds one of p11-kit's module files, in bytes.
const maxConfigSize = 64 << 10

// program is the name that module files know this program by.
const program = "stella"

// moduleConfig is what counts of one of p11-kit's module files (pkcs11.conf(5)).
type moduleConfig struct {
	module    string // path of the library
	trust     bool   // it holds certificates of the system and no keys
	enableIn  []string
	disableIn []string
}

// wanted tells whether the module is for this program.
func (c moduleConfig) wanted() bool {
	return c.module != "" && !c.trust && !slices.Contains(c.disableIn, program) &&
		(c.enableIn == nil || slices.Contains(c.enableIn, program))
}

func readModuleConfig(path string) (moduleConfig, bool) {
	f, err := os.Open(path)
	if err != nil {
		return moduleConfig{}, false
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxConfigSize+1))
	if err != nil || len(content) > maxConfigSize {
		return moduleConfig{}, false
	}
	return parseModuleConfig(content), true
}

// parseModuleConfig reads lines of "name: value". What it does not know it
// skips, as p11-kit does: the file belongs to others.
func parseModuleConfig(content []byte) moduleConfig {
	var c moduleConfig
	for line := range bytes.Lines(content) {
		name, value, found := strings.Cut(strings.TrimSpace(string(line)), ":")
		if !found || strings.HasPrefix(name, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "module":
			c.module = value
		case "trust-policy":
			c.trust = value == "yes"
		case "enable-in":
			c.enableIn = splitList(value)
		case "disable-in":
			c.disableIn = splitList(value)
		}
	}
	return c
}

func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

func nearestModule(name string, all []string) string { return keys.NearestHint("modules", name, all) }
