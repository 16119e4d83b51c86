package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/offlinekit"
)

// kitFileFormat is the format string of a file for offline-kit build.
const kitFileFormat = "stella.ops/offlineKitBuild@v1"

// maxKitFile bounds such a file, in bytes.
const maxKitFile = 1 << 20

// kitFile says what a kit is made of.
type kitFile struct {
	Format    string            `yaml:"format"`
	Name      string            `yaml:"name"`
	Channel   string            `yaml:"channel"`
	Version   int64             `yaml:"version"`
	Label     string            `yaml:"label"`
	Trust     string            `yaml:"trust"`
	Evidence  []string          `yaml:"evidence"`
	SBOMs     []string          `yaml:"sboms"`
	Reports   []string          `yaml:"reports"`
	Policies  []string          `yaml:"policies"`
	Documents []string          `yaml:"documents"`
	Images    []string          `yaml:"images"`
	Binaries  map[string]string `yaml:"binaries"`
}

// readKitFile reads a file strictly: unknown and duplicate names, anchors and further
// documents are refused. Its paths are relative to it.
func readKitFile(s *session, path string) (*kitFile, error) {
	f, err := input.Open(path, s.Stdin, maxKitFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := f.ReadAll()
	if err != nil {
		return nil, err
	}
	out, err := parseKitFile(text)
	if err != nil {
		return nil, fault.Wrap(fault.KitInput, err, "malformed %s", input.Display(path)).With("path", path)
	}
	if path != "-" {
		out.relativeTo(filepath.Dir(path))
	}
	return out, nil
}

func parseKitFile(text []byte) (*kitFile, error) {
	var tree, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&tree); err != nil {
		return nil, yamlProblem(err)
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	if err := plainYAML(&tree); err != nil {
		return nil, err
	}
	out := &kitFile{}
	strict := yaml.NewDecoder(bytes.NewReader(text))
	strict.KnownFields(true)
	if err := strict.Decode(out); err != nil {
		return nil, yamlProblem(err)
	}
	if out.Format != kitFileFormat {
		return nil, fault.New(fault.KitInput, "its format is %q, and this program reads %q", out.Format, kitFileFormat).
			WithHint("begin it with: format: %s", kitFileFormat)
	}
	return out, nil
}

// yamlProblem puts an error of the library into our words: those are about the program.
func yamlProblem(err error) error {
	if errors.Is(err, io.EOF) {
		return fault.New(fault.KitInput, "it is empty").WithHint("begin it with: format: %s", kitFileFormat)
	}
	types, ok := errors.AsType[*yaml.TypeError](err)
	if !ok || len(types.Errors) == 0 {
		return fmt.Errorf("it is not well-formed YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	line, what, _ := strings.Cut(types.Errors[0], ": ")
	if name, is := strings.CutPrefix(what, "field "); is {
		name, _, _ = strings.Cut(name, " not found in type ")
		return fmt.Errorf("%s: unknown member %.100q", line, name)
	}
	if strings.HasPrefix(what, "cannot unmarshal ") {
		return fmt.Errorf("%s: there is another kind of value than should be", line)
	}
	return fmt.Errorf("%s: %s", line, what)
}

// plainYAML refuses what JSON has not.
func plainYAML(n *yaml.Node) error {
	if n.Anchor != "" || n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 {
		return errors.New("anchors, aliases and tags mean nothing here")
	}
	for _, child := range n.Content {
		if err := plainYAML(child); err != nil {
			return err
		}
	}
	return nil
}

// relativeTo makes the paths ones from the working directory.
func (f *kitFile) relativeTo(dir string) {
	join := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	f.Trust = join(f.Trust)
	for _, list := range [][]string{f.Evidence, f.SBOMs, f.Reports, f.Policies, f.Documents, f.Images} {
		for i := range list {
			list[i] = join(list[i])
		}
	}
	for platform, path := range f.Binaries {
		f.Binaries[platform] = join(path)
	}
}

// merge adds what flags say: single values replace, lists grow.
func (f *kitFile) merge(o *kitFile) {
	f.Name, f.Channel, f.Label, f.Trust = cmp.Or(o.Name, f.Name), cmp.Or(o.Channel, f.Channel), cmp.Or(o.Label, f.Label), cmp.Or(o.Trust, f.Trust)
	f.Version = cmp.Or(o.Version, f.Version)
	f.Evidence, f.SBOMs = append(f.Evidence, o.Evidence...), append(f.SBOMs, o.SBOMs...)
	f.Reports, f.Policies = append(f.Reports, o.Reports...), append(f.Policies, o.Policies...)
	f.Documents, f.Images = append(f.Documents, o.Documents...), append(f.Images, o.Images...)
}

// plan is what the kit is built by.
func (f *kitFile) plan(at time.Time) (*offlinekit.Plan, error) {
	var lacks, flags []string
	for _, must := range []struct {
		missing    bool
		what, flag string
	}{
		{f.Name == "", "a name", "--name NAME"},
		{f.Channel == "", "a channel", "--channel CHANNEL"},
		{f.Version == 0, "a version from 1 on", "--kit-version N"},
	} {
		if must.missing {
			lacks, flags = append(lacks, must.what), append(flags, must.flag)
		}
	}
	if len(lacks) > 0 {
		return nil, fault.New(fault.UsageInvalid, "a kit needs %s", strings.Join(lacks, ", ")).
			WithHint("say %s, or put it into the file", strings.Join(flags, " "))
	}
	return &offlinekit.Plan{
		Name: f.Name, Channel: f.Channel, Version: f.Version, Label: f.Label, CreatedAt: at,
		Trust: f.Trust, Evidence: f.Evidence, SBOMs: f.SBOMs, Reports: f.Reports, Policies: f.Policies,
		Documents: f.Documents, Images: f.Images, Binaries: f.Binaries, CheckPolicy: checkPolicy,
	}, nil
}
