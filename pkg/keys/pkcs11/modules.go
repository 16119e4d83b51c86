package pkcs11

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// Module is a PKCS #11 module that lies on this machine.
type Module struct {
	// Name is what module-name in a reference says: the file's name without
	// "lib" and ending, such as "softhsm2".
	Name string
	// Path is the library's absolute path.
	Path string
}

// places are where modules are looked for.
type places struct {
	configs   []string // directories of p11-kit's module files, the strongest first
	libraries []string // directories of libraries
	names     []string // of libraries whose configuration may be missing, with their directory below
	proxies   []string // names of libraries that show the tokens of all others
}

// usualPlaces are those of p11-kit (pkcs11.conf(5)), Debian, Fedora and Homebrew.
func usualPlaces() places {
	return places{
		configs: []string{"/etc/pkcs11/modules", "/usr/share/p11-kit/modules"},
		libraries: []string{
			"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib", "/opt/homebrew/lib",
		},
		names: []string{
			"softhsm/libsofthsm2.so", "pkcs11/libsofthsm2.so",
			"opensc-pkcs11.so", "pkcs11/opensc-pkcs11.so",
			"libykcs11.so", "libykcs11.so.2", "libykcs11.dylib", "pkcs11/yubihsm_pkcs11.so",
			"pkcs11/libtpm2_pkcs11.so", "libtpm2_pkcs11.so.1",
		},
		proxies: []string{"p11-kit-proxy.so", "p11-kit-proxy.dylib"},
	}
}

// Modules returns the modules that are found in the usual places: those that
// p11-kit is configured for, and well-known libraries. It loads none of them.
func Modules() []Module { return usualPlaces().modules() }

func (p places) modules() []Module {
	found := &moduleList{}
	for _, config := range p.readConfigs() {
		if config.wanted() {
			found.add(p.locate(config.module))
		}
	}
	for _, name := range p.names {
		found.add(p.locate(name))
	}
	if len(found.list) == 0 { // a proxy shows the same tokens once more
		for _, name := range p.proxies {
			found.add(p.locate(name))
		}
	}
	return found.list
}

// moduleList is a list of modules without the same file twice.
type moduleList struct {
	list  []Module
	files []string // with symbolic links resolved
}

func (l *moduleList) add(path string) {
	file, err := filepath.EvalSymlinks(path)
	if path == "" || err != nil || slices.Contains(l.files, file) {
		return
	}
	l.files = append(l.files, file)
	l.list = append(l.list, Module{Name: moduleName(path), Path: path})
}

// moduleName takes from a library's name what differs between systems.
func moduleName(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return strings.TrimPrefix(name, "lib")
}

// locate returns the absolute path of a library, or nothing if it is not there.
// A relative one lies in a directory of libraries or, as p11-kit has it, in
// their directory pkcs11.
func (p places) locate(name string) string {
	if filepath.IsAbs(name) {
		return existing(name)
	}
	for _, dir := range p.libraries {
		for _, path := range []string{filepath.Join(dir, "pkcs11", name), filepath.Join(dir, name)} {
			if existing(path) != "" {
				return path
			}
		}
	}
	return ""
}

func existing(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return path
}

// readConfigs reads p11-kit's module files. One that has the name of one in a
// stronger directory is overridden by it; one that cannot be read says nothing.
func (p places) readConfigs() []moduleConfig {
	var out []moduleConfig
	var seen []string
	for _, dir := range p.configs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			if !strings.HasSuffix(entry.Name(), ".module") || slices.Contains(seen, entry.Name()) {
				continue
			}
			seen = append(seen, entry.Name())
			if config, ok := readModuleConfig(filepath.Join(dir, entry.Name())); ok {
				out = append(out, config)
			}
		}
	}
	return out
}

// choose returns the paths of the modules that a reference may mean, in the
// order in which they are asked: the one it names, else the configured one,
// else all that are found.
func (p places) choose(u URI, configured string) ([]string, error) {
	switch {
	case u.ModulePath != "":
		return absolute(u.ModulePath, "module-path")
	case u.ModuleName != "":
		return p.named(u.ModuleName)
	case configured != "":
		return absolute(configured, "setting pkcs11.module")
	}
	found := p.modules()
	if len(found) == 0 {
		return nil, fault.New(fault.ModuleFailed, "no PKCS #11 module is named, and none lies in the usual places").
			WithHint("name the library of your token: ?module-path=/PATH in the reference, or STELLA_PKCS11_MODULE")
	}
	paths := make([]string, len(found))
	for i, m := range found {
		paths[i] = m.Path
	}
	return paths, nil
}

// absolute refuses a path that the system's loader would look up by itself.
func absolute(path, where string) ([]string, error) {
	if !filepath.IsAbs(path) {
		return nil, fault.New(fault.UsageInvalid, "%s is not an absolute path: %q", where, path).
			WithHint("write the whole path, such as /usr/lib/softhsm/libsofthsm2.so")
	}
	return []string{path}, nil
}

func (p places) named(name string) ([]string, error) {
	var all []string
	for _, m := range p.modules() {
		if m.Name == name {
			return []string{m.Path}, nil
		}
		all = append(all, m.Name)
	}
	return nil, fault.New(fault.ModuleFailed, "no PKCS #11 module %q in the usual places", name).
		WithHint("%s; or write module-path=/PATH", nearestModule(name, all))
}
