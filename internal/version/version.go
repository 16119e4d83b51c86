// Package version says which stella this is.
package version

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

// linked is the release version, set by the linker for builds that have no
// version control around them:
//
//	-ldflags "-X github.com/stellaops/stella/internal/version.linked=v1.2.3"
var linked string

// Info describes the running program.
type Info struct {
	Version  string   `json:"version"`          // "v1.2.3", or a pseudo-version
	Commit   string   `json:"commit,omitempty"` // full revision, empty when not built from a checkout
	Modified bool     `json:"modified"`         // the checkout had uncommitted changes
	Go       string   `json:"go"`
	Platform string   `json:"platform"` // GOOS/GOARCH
	Drivers  []string `json:"drivers"`  // schemes of key references that this build has
	FIPS140  FIPS140  `json:"fips140"`
}

// Read returns what the build recorded; the caller names its key drivers.
func Read(drivers []string) Info {
	info := Info{
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Drivers:  drivers,
		FIPS140:  Module(),
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		info.Version = cmp.Or(linked, "unknown")
		return info
	}
	info.Version = cmp.Or(linked, build.Main.Version, "unknown")
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	return info
}
