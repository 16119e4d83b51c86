package plugin

// Installed is a plugin that may run, and whether it can.
type Installed struct {
	Permission Permission
	// Path is the program; empty if it was not found.
	Path string
	// SHA256 is the program's lower-case hex digest, for a permission that pins it.
	SHA256 string
	// Err says why it cannot run.
	Err error
}

// Installed looks at the plugins that may run. It starts none.
func (h *Host) Installed() []Installed {
	found := make([]Installed, len(h.options.Allow))
	for i, permission := range h.options.Allow {
		found[i].Permission = permission
		p, err := h.find(permission)
		if p != nil {
			found[i].Path = p.path
			found[i].SHA256, _ = p.digest() // what keeps it from being read is in err
		}
		found[i].Err = err
	}
	return found
}
