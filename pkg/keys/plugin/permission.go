package plugin

import (
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// Permission lets one plugin run.
type Permission struct {
	// Name is the plugin's name, which is also the scheme of its keys.
	Name string
	// SHA256 is the lower-case hex digest that its program must have; empty for any.
	SHA256 string
}

// namePattern is a scheme of RFC 3986, section 3.1, of two characters or more
// and in lower case, without what could lead out of a directory.
func namePattern() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9+-]{1,31}$`) }

// ParsePermission parses NAME or NAME@sha256:HEX.
func ParsePermission(s string) (Permission, error) {
	name, pin, pinned := strings.Cut(s, "@")
	if !namePattern().MatchString(name) {
		return Permission{}, fault.New(fault.ConfigInvalid, "%q is not the name of a plugin", name).
			WithHint("a name has 2 to 32 lower-case letters, digits, + and -, such as awskms")
	}
	if !pinned {
		return Permission{Name: name}, nil
	}
	digest, isSHA256 := strings.CutPrefix(pin, "sha256:")
	if raw, err := hex.DecodeString(digest); !isSHA256 || err != nil || len(raw) != 32 || digest != strings.ToLower(digest) {
		return Permission{}, fault.New(fault.ConfigInvalid, "malformed digest of plugin %q", name).
			WithHint("write %s@sha256: and 64 lower-case hex digits, as sha256sum prints them", name)
	}
	return Permission{Name: name, SHA256: digest}, nil
}

// String returns what ParsePermission parses.
func (p Permission) String() string {
	if p.SHA256 == "" {
		return p.Name
	}
	return p.Name + "@sha256:" + p.SHA256
}

// permission returns the permission to run a plugin for what, which is how the
// user named the work. The errors are fault.OfflineForbidden and
// fault.PluginForbidden.
func (h *Host) permission(name, what string) (Permission, error) {
	i := slices.IndexFunc(h.options.Allow, func(p Permission) bool { return p.Name == name })
	switch {
	case h.options.Offline && !slices.Contains(h.options.Local, name):
		return Permission{}, fault.New(fault.OfflineForbidden, "%s needs the plugin %q, which uses the network, and the network is forbidden", what, name).
			WithHint("run the command without --offline and STELLA_OFFLINE, or use a key on this machine")
	case i < 0:
		return Permission{}, fault.New(fault.PluginForbidden, "%s needs the plugin %q, which the configuration does not allow", what, name).
			With("plugin", name).WithHint("put into %s: %s", h.configFile(), h.allowLine(name))
	}
	return h.options.Allow[i], nil
}

func (h *Host) configFile() string {
	if h.options.ConfigFile == "" {
		return "the configuration file"
	}
	return h.options.ConfigFile
}

// allowLine is the setting that allows name and all that was allowed before.
func (h *Host) allowLine(name string) string {
	allowed := make([]string, 0, len(h.options.Allow)+1)
	for _, p := range h.options.Allow {
		allowed = append(allowed, p.String())
	}
	return "plugins: {allow: [" + strings.Join(append(allowed, name), ", ") + "]}"
}
