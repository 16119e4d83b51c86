package cli

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/plugin"
)

// plugins returns the host of key plugins, as the configuration wants it.
// Offline it runs those alone that need no network.
func (s *session) plugins(offline bool) (*plugin.Host, error) {
	allow := make([]plugin.Permission, len(s.config.PluginsAllow))
	for i, text := range s.config.PluginsAllow {
		var err error
		if allow[i], err = plugin.ParsePermission(text); err != nil {
			return nil, err
		}
	}
	return plugin.New(plugin.Options{
		Dirs:       s.pluginDirs(),
		Allow:      allow,
		Local:      s.config.PluginsLocal,
		Offline:    offline,
		ConfigFile: cmp.Or(s.loaded.File, newConfigFile(s.Env)),
		Environ:    s.Environ,
		Stderr:     func(name, line string) { s.ui.Say("plugin %s: %s", name, line) },
	}), nil
}

// pluginDirs returns the directory that is configured, else those beside the
// program: who can write there can replace stella itself. PATH, the working
// directory and the user's home are never looked into.
func (s *session) pluginDirs() []string {
	if s.config.PluginsDir != "" {
		return []string{s.config.PluginsDir}
	}
	program, err := s.Executable()
	if err != nil {
		return nil
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return nil
	}
	bin := filepath.Dir(program)
	return []string{filepath.Join(bin, "plugins"), filepath.Join(filepath.Dir(bin), "libexec", "stella", "plugins")}
}

// checkPluginNames refuses a plugin that would take the place of a driver.
func checkPluginNames(host *plugin.Host, list []keys.Driver) error {
	for _, driver := range list {
		if slices.Contains(host.Names(), driver.Scheme()) {
			return fault.New(fault.ConfigInvalid, "setting %s: stella itself opens %s: keys", keyPluginsAllow, driver.Scheme()).
				WithHint("remove %q from the list, or give the plugin another name", driver.Scheme())
		}
	}
	return nil
}

// newConfigFile returns where a user's first configuration file would be.
func newConfigFile(env Env) string {
	dirs := configDirs(env)
	if len(dirs) == 0 {
		return ""
	}
	return filepath.Join(dirs[0], "stella", "config.yaml")
}
