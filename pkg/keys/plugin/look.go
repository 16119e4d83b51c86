package plugin

import "slices"

// Look finds the program of a plugin without running it. It returns the path,
// empty if the plugin is not installed, and whether it is allowed to run. The
// error says why an allowed plugin cannot: it is not installed, others can
// change it, or it is not the program whose digest is pinned.
func (h *Host) Look(name string) (path string, allowed bool, err error) {
	i := slices.IndexFunc(h.options.Allow, func(p Permission) bool { return p.Name == name })
	wanted := Permission{Name: name}
	if allowed = i >= 0; allowed {
		wanted = h.options.Allow[i]
	}
	found, err := h.find(wanted)
	if found != nil {
		path = found.path
	}
	if !allowed {
		err = nil
	}
	return path, allowed, err
}
