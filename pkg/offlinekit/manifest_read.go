package offlinekit

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// formatPrefix begins the format strings of all manifests there will ever be.
const formatPrefix = "stella.ops/offlineKit@"

// maxFormat bounds a format string, in bytes.
const maxFormat = 64

// errFormat says that the format is one of the future.
var errFormat = errors.New("unknown format")

// ParseManifest reads manifest.json. Its first member is the format, so that one of the
// future is recognised whatever follows: fault.KitFormat. Everything else that is wrong
// is fault.KitMalformed.
func ParseManifest(b []byte) (*Manifest, error) {
	if len(b) > MaxManifest {
		return nil, fault.New(fault.KitMalformed, "malformed %s: it has more than %d bytes", ManifestName, MaxManifest).With("file", ManifestName)
	}
	p := &manifestParser{d: strictjson.NewDecoder(input.FromBytes(ManifestName, b), 0, int64(len(b)), MaxManifest)}
	err := p.parse()
	switch {
	case errors.Is(err, errFormat):
		return nil, fault.New(fault.KitFormat, "%s of the kit has the format %q, and this program reads %q", ManifestName, p.format, Format).
			With("file", ManifestName).With("format", p.format).WithHint("use a newer stella, or ask for a kit in this format")
	case err != nil:
		return nil, fault.Wrap(fault.KitMalformed, err, "malformed %s", ManifestName).With("file", ManifestName)
	}
	return &p.m, p.m.Check()
}

type manifestParser struct {
	d      *strictjson.Decoder
	m      Manifest
	format string
	seen   []string
}

func (p *manifestParser) parse() error {
	known := []string{"format", "name", "channel", "version", "label", "createdAt", "entries"}
	if err := p.d.Members(nil, func(name string) error { return p.member(name, known) }); err != nil {
		return err
	}
	for _, name := range known {
		if name != "label" && !slices.Contains(p.seen, name) {
			return fmt.Errorf("it has no member %q", name)
		}
	}
	return p.d.End()
}

func (p *manifestParser) member(name string, known []string) (err error) {
	switch {
	case len(p.seen) == 0 && name != "format":
		return errors.New(`its first member is not "format"`)
	case !slices.Contains(known, name):
		return fmt.Errorf("unknown member %.100q", name)
	}
	p.seen = append(p.seen, name)
	switch name {
	case "format":
		return p.readFormat()
	case "name":
		p.m.Name, err = p.d.String(maxWord)
	case "channel":
		p.m.Channel, err = p.d.String(maxWord)
	case "version":
		p.m.Version, err = p.d.Int64()
	case "label":
		p.m.Label, err = p.d.String(maxLabel * 4)
		if err == nil && p.m.Label == "" {
			err = errors.New("the label is empty")
		}
	case "createdAt":
		return p.readTime()
	case "entries":
		return p.d.Array(MaxEntries, p.entry)
	}
	return err
}

func (p *manifestParser) readFormat() (err error) {
	p.format, err = p.d.String(maxFormat)
	switch {
	case err != nil:
		return err
	case p.format == Format:
		return nil
	case strings.HasPrefix(p.format, formatPrefix):
		return errFormat
	}
	return fmt.Errorf("the format %q is not that of a kit", p.format)
}

func (p *manifestParser) readTime() error {
	const layout = "2006-01-02T15:04:05Z"
	s, err := p.d.String(len(layout))
	if err != nil {
		return err
	}
	p.m.CreatedAt, err = time.Parse(layout, s)
	if err != nil || p.m.CreatedAt.Format(layout) != s {
		return fmt.Errorf("createdAt %q is not a time like %s", s, layout)
	}
	return nil
}

func (p *manifestParser) entry(i int) error {
	var e Entry
	var named, sized, hashed bool
	err := p.d.ClosedObject([]string{"name", "size", "sha256", "executable"}, func(member string) (err error) {
		switch member {
		case "name":
			named = true
			e.Name, err = p.d.String(MaxName)
		case "size":
			sized = true
			e.Size, err = p.d.Int64()
		case "sha256":
			hashed = true
			err = p.readDigest(&e)
		case "executable":
			err = p.readTrue()
			e.Executable = true
		}
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("entry %d: %w", i, err)
	case !named, !sized, !hashed:
		return fmt.Errorf("entry %d has no name, size or sha256", i)
	}
	p.m.Entries = append(p.m.Entries, e)
	return nil
}

func (p *manifestParser) readDigest(e *Entry) error {
	s, err := p.d.String(2 * len(e.SHA256))
	if err != nil {
		return err
	}
	n, err := hex.Decode(e.SHA256[:], []byte(s))
	if err != nil || n != len(e.SHA256) || e.Digest() != s {
		return fmt.Errorf("%q is not 64 lower-case hex digits", s)
	}
	return nil
}

// readTrue reads a flag, which is there only if it is true: then there is one way to
// write each manifest's meaning.
func (p *manifestParser) readTrue() error {
	raw, err := p.d.Raw(len("false"))
	if err == nil && string(raw) != "true" {
		err = errors.New(`"executable" is not true`)
	}
	return err
}

// find returns where an entry is.
func (m *Manifest) find(name string) (int, bool) {
	return slices.BinarySearchFunc(m.Entries, name, func(e Entry, name string) int { return Compare(e.Name, name) })
}
