package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/stellaops/stella/internal/fault"
)

// origin says where a setting's value came from.
type origin struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Source string `json:"source"`          // flag, environment, file or default
	Where  string `json:"where,omitempty"` // --flag, VARIABLE or FILE:LINE
}

// The sources, from the strongest to the weakest.
const (
	sourceFlag        = "flag"
	sourceEnvironment = "environment"
	sourceFile        = "file"
	sourceDefault     = "default"
)

// loadedConfig is a Config with how it came to be.
type loadedConfig struct {
	Config  Config
	File    string // the file that was read, empty if there was none
	origins []origin
	unknown []string // STELLA_* variables that are no settings
}

// loadConfig reads flags, environment and configuration file. explicit is the
// value of --config.
func loadConfig(env Env, flags *pflag.FlagSet, explicit string) (loadedConfig, error) {
	vars, unknown, err := readEnvironment(env)
	if err != nil {
		return loadedConfig{}, err
	}
	file, err := findConfigFile(env, explicit)
	if err != nil {
		return loadedConfig{}, err
	}
	entries, err := file.read()
	if err != nil {
		return loadedConfig{}, err
	}
	if err := checkNarrow(vars, entries); err != nil {
		return loadedConfig{}, err
	}
	config, origins, err := merge(flags, vars, entries)
	if err != nil {
		return loadedConfig{}, err
	}
	return loadedConfig{Config: config, File: file.path, origins: origins, unknown: unknown}, nil
}

// bareConfig reads flags and environment and overlooks what is wrong with the
// latter.
func bareConfig(env Env, flags *pflag.FlagSet) (Config, error) {
	vars := make(map[string]entry)
	for _, s := range settings() {
		if value, err := s.parse(env.getenv(envName(s.key))); err == nil {
			vars[s.key] = entry{value, envName(s.key)}
		}
	}
	config, _, err := merge(flags, vars, nil)
	return config, err
}

// entry is a checked value and its place.
type entry struct {
	value any
	where string
}

// readEnvironment returns the settings among the STELLA_* variables, and the
// names of those that are none. One that differs from a setting by a slip of
// the finger is an error: STELLA_OFLINE=1 must not allow the network. So is
// one that tries to loosen a check.
func readEnvironment(env Env) (vars map[string]entry, unknown []string, err error) {
	vars = make(map[string]entry)
	known := make(map[string]setting)
	for _, s := range settings() {
		known[envName(s.key)] = s
	}
	for _, variable := range env.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		s, ok := known[name]
		switch {
		case !strings.HasPrefix(name, envPrefix), name == configVariable, value == "":
			// An empty variable counts as not set.
		case ok:
			parsed, err := s.parse(value)
			if err != nil {
				return nil, nil, fault.Wrap(fault.ConfigInvalid, err, "environment variable %s", name)
			}
			vars[s.key] = entry{parsed, name}
		default:
			if err := refuseVariable(name); err != nil {
				return nil, nil, err
			}
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return vars, unknown, nil
}

func refuseVariable(name string) error {
	key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, envPrefix), "_", "-"))
	if onlyFlag(key) {
		return fault.New(fault.ConfigInvalid, "environment variable %s: %s is never read from the environment", name, key).
			WithHint("unset it, and say --%s on the command line where it is meant", key)
	}
	names := []string{configVariable}
	for _, s := range settings() {
		names = append(names, envName(s.key))
	}
	if near, ok := slip(name, names); ok {
		return fault.New(fault.ConfigInvalid, "environment variable %s is not a setting", name).
			WithHint("did you mean %s?", near)
	}
	return nil
}

// checkNarrow refuses what the file or the environment would loosen. Only the
// command line may, where it is said each time.
func checkNarrow(vars, file map[string]entry) error {
	for _, s := range settings() {
		if s.within == nil {
			continue
		}
		bound := entry{s.initial, "the default of this build"}
		for _, given := range []entry{file[s.key], vars[s.key]} {
			if given.where == "" {
				continue
			}
			if !s.within(given.value, bound.value) {
				return fault.New(fault.ConfigInvalid, "%s: %s %q would loosen %q of %s", given.where, s.key, given.value, bound.value, bound.where).
					WithHint("say --%s %s on the command line where it is meant", s.key, given.value)
			}
			bound = given
		}
	}
	return nil
}

// merge lets flags win over environment over file over defaults.
func merge(flags *pflag.FlagSet, vars, file map[string]entry) (Config, []origin, error) {
	v := viper.NewWithOptions(viper.KeyDelimiter("\x00")) // a key is one word to viper
	for _, s := range settings() {
		v.SetDefault(s.key, s.initial)
		if flag := flags.Lookup(s.flagName()); flag != nil && !insisted(s, vars) {
			if err := v.BindPFlag(s.key, flag); err != nil {
				return Config{}, nil, err
			}
		}
	}
	for _, layer := range []map[string]entry{file, vars} {
		if err := v.MergeConfigMap(values(layer)); err != nil {
			return Config{}, nil, err
		}
	}
	var config Config
	if err := v.UnmarshalExact(&config); err != nil {
		return Config{}, nil, err
	}
	origins := trace(v, flags, vars, file)
	settleState(&config, origins)
	return config, origins, nil
}

// insisted reports whether the environment says what no flag can undo.
func insisted(s setting, vars map[string]entry) bool { return s.insists && vars[s.key].value == true }

func values(layer map[string]entry) map[string]any {
	m := make(map[string]any, len(layer))
	for key, e := range layer {
		m[key] = e.value
	}
	return m
}

// trace lists every setting with where its value came from, in the order of
// the table.
func trace(v *viper.Viper, flags *pflag.FlagSet, vars, file map[string]entry) []origin {
	var origins []origin
	for _, s := range settings() {
		o := origin{Key: s.key, Value: v.Get(s.key), Source: sourceDefault}
		flag := flags.Lookup(s.flagName())
		switch {
		case flag != nil && flag.Changed && !insisted(s, vars):
			o.Source, o.Where = sourceFlag, dashed(flag)
			// viper gives the text of a flag of our own type.
			o.Value = cmp.Or[any](typed(s, flag), o.Value)
		case vars[s.key].where != "":
			o.Source, o.Where = sourceEnvironment, vars[s.key].where
		case file[s.key].where != "":
			o.Source, o.Where = sourceFile, file[s.key].where
		}
		origins = append(origins, o)
	}
	return origins
}

func typed(s setting, flag *pflag.Flag) any {
	value, err := s.parse(flag.Value.String())
	if err != nil {
		return nil
	}
	return value
}
