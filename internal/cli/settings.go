package cli

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// Config is what can be configured, whole and checked. A command reads it from
// its session and does not ask where a value came from.
type Config struct {
	Format  string `mapstructure:"format"`
	Offline bool   `mapstructure:"offline"`
	NoColor bool   `mapstructure:"no-color"`
	Askpass string `mapstructure:"askpass"`

	// FIDO2Device is the token's device file; empty for the one that is plugged in.
	FIDO2Device string `mapstructure:"fido2.device"`
}

// The settings' names: in the configuration file, and as flags.
const (
	keyFormat  = "format"
	keyOffline = "offline"
	keyNoColor = "no-color"
	keyAskpass = "askpass"

	keyFIDO2Device = "fido2.device"
)

const (
	formatText = "text"
	formatJSON = "json"
)

func formats() []string { return []string{formatText, formatJSON} }

// setting is one row of the table of what can be configured. To add one, add a
// row, a field to Config, and, if it has a flag, register it under the same
// name.
type setting struct {
	key     string   // "sign.envelope" would be envelope under sign in the file
	initial any      // default; its type is the setting's: string or bool
	choices []string // allowed values; nil allows any
	insists bool     // true in the environment cannot be undone by a flag
	meaning string
}

func settings() []setting {
	return []setting{
		{key: keyFormat, initial: formatText, choices: formats(), meaning: "how results are shown"},
		{key: keyOffline, initial: false, insists: true, meaning: "forbid the network, also to keys that live behind it"},
		{key: keyNoColor, initial: false, meaning: "print without colour"},
		{key: keyAskpass, initial: "", meaning: "program that asks for a passphrase"},
		{key: keyFIDO2Device, initial: "", meaning: "device file of the FIDO2 token, for fido2: keys"},
	}
}

const envPrefix = "STELLA_"

// envName returns the environment variable of a setting.
func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(key))
}

func settingKeys() []string {
	var keys []string
	for _, s := range settings() {
		keys = append(keys, s.key)
	}
	return keys
}

func findSetting(key string) (setting, bool) {
	all := settings()
	i := slices.IndexFunc(all, func(s setting) bool { return s.key == key })
	if i < 0 {
		return setting{}, false
	}
	return all[i], true
}

// isSection reports whether settings stand under key in the file.
func isSection(key string) bool {
	return slices.ContainsFunc(settings(), func(s setting) bool { return strings.HasPrefix(s.key, key+".") })
}

// onlyFlag reports whether key names something that loosens a check or
// replaces files. Such a thing is said on the command line each time and never
// comes from a file or the environment.
func onlyFlag(key string) bool {
	for _, pattern := range []string{"at", "force*", "allow-*", "*-unsafe"} {
		if ok, err := path.Match(pattern, key); ok && err == nil {
			return true
		}
	}
	return false
}

// parse checks a value that came as text.
func (s setting) parse(text string) (any, error) {
	if _, isBool := s.initial.(bool); isBool {
		value, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fault.New(fault.ConfigInvalid, "invalid value %q for %s", text, s.key).
				WithHint("write true or false")
		}
		return value, nil
	}
	if len(s.choices) > 0 && !slices.Contains(s.choices, text) {
		return nil, fault.New(fault.ConfigInvalid, "invalid value %q for %s", text, s.key).
			WithHint("%s", chooseHint(text, s.choices))
	}
	return text, nil
}
