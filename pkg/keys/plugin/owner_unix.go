//go:build unix

package plugin

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/stellaops/stella/internal/fault"
)

// checkOwners refuses a program that a user other than root and the one who runs
// stella can change or replace: the file itself, and every directory above it,
// must belong to one of the two and be writable for nobody else. In a directory
// with the sticky bit, such as /tmp, nobody can replace the files of others.
func (p *program) checkOwners() error {
	for path := p.path; ; path = filepath.Dir(path) {
		info, err := os.Stat(path)
		if err != nil {
			return p.fail(err, "cannot be looked at")
		}
		if why := changeable(info); why != "" {
			return fault.New(fault.PluginForbidden, "plugin %q is not run: %q %s", p.permission.Name, path, why).
				WithHint("make it yours alone: chown root %s && chmod go-w %s", path, path)
		}
		if path == filepath.Dir(path) {
			return nil
		}
	}
}

// changeable says how others can change a file or what a directory holds.
func changeable(info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return "belongs to another user"
	}
	sticky := info.IsDir() && info.Mode()&fs.ModeSticky != 0
	if info.Mode()&0o022 != 0 && !sticky {
		return "can be written by other users"
	}
	return ""
}
