package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"go.yaml.in/yaml/v3"

	"github.com/stellaops/stella/internal/fault"
)

const (
	configVariable = envPrefix + "CONFIG"
	// maxConfigSize bounds the configuration file, in bytes; it has a handful
	// of lines.
	maxConfigSize = 64 << 10
)

// configFile is the configuration file that counts. Its path is empty when
// there is none.
type configFile struct {
	path     string
	required bool // the user named it, so it must exist
}

// findConfigFile returns the file named by --config or STELLA_CONFIG, or the
// first that exists of the user's own. The working directory is never looked
// into: what was checked out there must not configure who signs or is trusted.
func findConfigFile(env Env, explicit string) (configFile, error) {
	if explicit != "" {
		return configFile{explicit, true}, nil
	}
	if named := env.getenv(configVariable); named != "" {
		return configFile{named, true}, nil
	}
	for _, dir := range configDirs(env) {
		path := filepath.Join(dir, "stella", "config.yaml")
		_, err := os.Stat(path)
		if err == nil {
			return configFile{path: path}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return configFile{}, unreadableConfig(path, err)
		}
	}
	return configFile{}, nil
}

// configDirs are the user's directories for configuration. The XDG base
// directory specification says that relative ones are to be ignored.
func configDirs(env Env) []string {
	dirs := []string{env.getenv("XDG_CONFIG_HOME")}
	if runtime.GOOS == "windows" {
		dirs = append(dirs, env.getenv("AppData"))
	} else if home := env.getenv("HOME"); home != "" {
		dirs = append(dirs, filepath.Join(home, ".config"))
	}
	var absolute []string
	for _, dir := range dirs {
		if filepath.IsAbs(dir) {
			absolute = append(absolute, dir)
		}
	}
	return absolute
}

// read returns the settings in the file. Everything in it must be understood.
func (f configFile) read() (map[string]entry, error) {
	if f.path == "" {
		return nil, nil
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, unreadableConfig(f.path, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxConfigSize+1))
	if err != nil {
		return nil, unreadableConfig(f.path, err)
	}
	if len(text) > maxConfigSize {
		return nil, fault.New(fault.ConfigInvalid, "configuration file %q is larger than the limit of %d bytes", f.path, maxConfigSize)
	}
	return parseConfig(f.path, text)
}

func unreadableConfig(path string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return fault.Wrap(fault.ConfigInvalid, err, "configuration file %q cannot be read", path).With("path", path)
}

// parseConfig reads one YAML mapping of settings. Duplicate and unknown keys,
// anchors and further documents are refused.
func parseConfig(path string, text []byte) (map[string]entry, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		return nil, nil // nothing but comments
	} else if err != nil {
		return nil, fault.Wrap(fault.ConfigInvalid, err, "malformed configuration file %q", path).With("path", path)
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.ConfigInvalid, "malformed configuration file %q: more than one document", path).With("path", path)
	}
	p := configParser{path: path, entries: make(map[string]entry)}
	if err := p.mapping("", document.Content[0]); err != nil {
		return nil, err
	}
	return p.entries, nil
}

type configParser struct {
	path    string
	entries map[string]entry
}

func (p configParser) fail(n *yaml.Node, format string, args ...any) *fault.Error {
	return fault.New(fault.ConfigInvalid, "configuration file %q, line %d: %s", p.path, n.Line, fmt.Sprintf(format, args...)).
		With("path", p.path)
}

// mapping reads a mapping whose settings' names begin with prefix.
func (p configParser) mapping(prefix string, n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" && prefix == "" {
		return nil // an empty document
	}
	if n.Kind != yaml.MappingNode || n.Anchor != "" {
		return p.fail(n, "want NAME: VALUE")
	}
	for i := 0; i < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if err := p.pair(prefix, name, value); err != nil {
			return err
		}
	}
	return nil
}

func (p configParser) pair(prefix string, name, value *yaml.Node) error {
	if name.Kind != yaml.ScalarNode || name.Anchor != "" || name.Tag == "!!merge" {
		return p.fail(name, "want NAME: VALUE")
	}
	key := prefix + name.Value
	s, known := findSetting(key)
	switch {
	case onlyFlag(key):
		return p.fail(name, "%s is never read from a configuration file", key).
			WithHint("remove the line, and say --%s on the command line where it is meant", key)
	case isSection(key):
		return p.mapping(key+".", value)
	case !known:
		return p.fail(name, "unknown setting %q", key).WithHint("%s", chooseHint(key, settingKeys()))
	case p.entries[key].where != "":
		return p.fail(name, "setting %q is there twice", key)
	}
	return p.value(s, value)
}

func (p configParser) value(s setting, n *yaml.Node) error {
	if _, isList := s.initial.([]string); isList {
		return p.list(s, n)
	}
	if n.Kind != yaml.ScalarNode || n.Anchor != "" {
		return p.fail(n, "setting %q has one plain value", s.key)
	}
	if _, isBool := s.initial.(bool); isBool && n.Tag != "!!bool" {
		return p.fail(n, "invalid value %q for %s", n.Value, s.key).WithHint("write true or false, without quotes")
	}
	parsed, err := s.parse(n.Value)
	return p.keep(s, n, parsed, err)
}

// list reads a sequence of plain values.
func (p configParser) list(s setting, n *yaml.Node) error {
	if n.Kind != yaml.SequenceNode || n.Anchor != "" {
		return p.fail(n, "setting %q is a list", s.key).WithHint("write %s: [VALUE, VALUE]", s.key)
	}
	elements := make([]string, len(n.Content))
	for i, element := range n.Content {
		if element.Kind != yaml.ScalarNode || element.Anchor != "" || element.Tag != "!!str" {
			return p.fail(element, "setting %q is a list of plain values", s.key)
		}
		elements[i] = element.Value
	}
	parsed, err := s.parseList(elements)
	return p.keep(s, n, parsed, err)
}

func (p configParser) keep(s setting, n *yaml.Node, parsed any, err error) error {
	if err != nil {
		return p.fail(n, "%s", err).WithHint("%s", fault.HintOf(err))
	}
	p.entries[s.key] = entry{parsed, fmt.Sprintf("%s:%d", p.path, n.Line)}
	return nil
}
