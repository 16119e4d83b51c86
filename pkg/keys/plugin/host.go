package plugin

import (
	"slices"
	"sync"
	"time"

	"github.com/stellaops/stella/pkg/keys"
)

// DefaultTimeout bounds one request to a plugin. A person may have to confirm it
// on a device, so it is longer than a service takes.
const DefaultTimeout = time.Minute

// Options are what a Host may do.
type Options struct {
	// Dirs are the directories that plugins are taken from, the first that holds
	// the plugin first. They are absolute.
	Dirs []string
	// Allow are the plugins that may run.
	Allow []Permission
	// Local are the plugins whose keys need no network.
	Local []string
	// Offline forbids every other plugin.
	Offline bool
	// ConfigFile names the file in which permission is given, for hints.
	ConfigFile string
	// Environ is the environment, of which each plugin gets its part; nil for none.
	Environ func() []string
	// Stderr gets what a plugin writes to standard error, line by line while it
	// runs, escaped and without line endings. Calls do not overlap. Nil drops it.
	Stderr func(plugin, line string)
	// Timeout bounds one request; 0 is DefaultTimeout.
	Timeout time.Duration
}

// Host runs plugins. It is safe for concurrent use.
type Host struct {
	options Options
	speak   sync.Mutex // held while Options.Stderr runs
}

// New returns a Host.
func New(o Options) *Host {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return &Host{options: o}
}

// Names returns the plugins that users expect, allowed or not, and after them
// the others that are allowed.
func (h *Host) Names() []string {
	names := known()
	for _, p := range h.options.Allow {
		if !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

// known are the plugins that come with stella.
func known() []string { return []string{"awskms", "gcpkms", "azurekms", "hashivault", gostPlugin} }

// Drivers returns a driver for each of Names. One that is not allowed is there
// to say so.
func (h *Host) Drivers() []keys.Driver {
	var drivers []keys.Driver
	for _, name := range h.Names() {
		drivers = append(drivers, h.Driver(name))
	}
	return drivers
}

// Driver returns the driver of the plugin called name.
func (h *Host) Driver(name string) *Driver { return &Driver{host: h, name: name} }
