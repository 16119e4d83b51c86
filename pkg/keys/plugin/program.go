package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// program is the file of a plugin. It was looked at and is looked at again
// before each start.
type program struct {
	permission Permission
	path       string // without symbolic links

	mu   sync.Mutex
	seen fs.FileInfo // of the content that had the pinned digest
}

// find returns the program of a plugin.
func (h *Host) find(p Permission) (*program, error) {
	file := protocol.ProgramPrefix + p.Name
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	for _, dir := range h.options.Dirs {
		path, err := filepath.EvalSymlinks(filepath.Join(dir, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fault.Wrap(fault.PluginFailed, err, "plugin %q cannot be found", p.Name)
		}
		found := &program{permission: p, path: path}
		return found, found.check()
	}
	return nil, fault.New(fault.PluginFailed, "plugin %q is not installed: no %s in %s", p.Name, file, quoted(h.options.Dirs)).
		WithHint("put the program there, or name its directory in %s: plugins: {dir: DIRECTORY}", h.configFile())
}

func quoted(dirs []string) string {
	if len(dirs) == 0 {
		return "any directory: none is configured"
	}
	return `"` + strings.Join(dirs, `" or "`) + `"`
}

// check refuses a program that somebody else can change, and one that is not the
// pinned one. The file is hashed again when it is not the one that was hashed.
func (p *program) check() error {
	info, err := os.Stat(p.path)
	if err != nil {
		return p.fail(err, "cannot be read")
	}
	if !info.Mode().IsRegular() {
		return p.fail(nil, "is not a regular file")
	}
	if err := p.checkOwners(); err != nil {
		return err
	}
	if p.permission.SHA256 == "" {
		return nil
	}
	return p.checkDigest(info)
}

func (p *program) checkDigest(info fs.FileInfo) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen != nil && unchanged(p.seen, info) {
		return nil
	}
	digest, err := p.digest()
	if err != nil {
		return p.fail(err, "cannot be read")
	}
	if digest != p.permission.SHA256 {
		return fault.New(fault.PluginForbidden, "plugin %q in %q is not the program that the configuration allows", p.permission.Name, p.path).
			With("expected", "sha256:"+p.permission.SHA256).With("found", "sha256:"+digest).
			WithHint("install the plugin again; only if you know why it changed, change its digest in plugins.allow")
	}
	p.seen = info
	return nil
}

func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func (p *program) digest() (string, error) {
	f, err := os.Open(p.path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

func (p *program) fail(err error, what string) *fault.Error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err // the path is in the message already
	}
	return fault.Wrap(fault.PluginFailed, err, "plugin %q: %q %s", p.permission.Name, p.path, what)
}
