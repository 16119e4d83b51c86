package forensic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/internal/ordered"
)

// maxPassedOver bounds what is listed of what no entry is made of.
const maxPassedOver = 1000

// candidate is a file that becomes an entry.
type candidate struct {
	path  string // of the file
	name  string // below the place where it was found, with slashes
	named bool   // it may be a link
	// whole says that the file is part of something that must stay together.
	whole bool
	kind  string // what it is, if it is no file
	err   error
}

// collect reads all inputs into the sorter.
func (d *Draft) collect(ctx context.Context, inputs []string, o *Options) error {
	err := ordered.Run(ctx, candidates(inputs, o.Output), readCandidate, func(r readItem) error {
		switch {
		case r.err != nil:
			return r.err
		case r.kind != "":
			if len(d.PassedOver) < maxPassedOver {
				d.PassedOver = append(d.PassedOver, input.Display(r.source)+" is "+r.kind)
			}
			return nil
		}
		return d.sorter.Add(appendItem(nil, &r.item))
	})
	if err != nil {
		return err
	}
	if o.Timeline != "" {
		if err := d.addTimeline(ctx, o.Timeline); err != nil {
			return err
		}
	}
	return d.addInline(instructionsName, []byte(instructions))
}

// candidates yields the files in what the user named, other than output.
func candidates(inputs []string, output string) iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		for _, name := range inputs {
			info, err := os.Stat(name)
			switch {
			case err != nil:
				_, err = input.Open(name, nil, input.MaxArtifact) // says what is wrong
				yield(candidate{err: err})
				return
			case info.IsDir():
				if !below(name, output, yield) {
					return
				}
			case !info.Mode().IsRegular():
				yield(candidate{err: fault.New(fault.InputNotRegular, "%s is neither a file nor a directory", input.Display(name)).With("path", name)})
				return
			case !yield(candidate{path: name, name: filepath.Base(name), named: true}):
				return
			}
		}
	}
}

// below yields the files below a directory.
func below(dir, output string, yield func(candidate) bool) bool {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return yield(candidate{err: err})
	}
	base, around := filepath.Base(absolute), layoutAround{}
	for f, err := range gather.Files(dir) {
		c := candidate{path: f.Path, kind: f.Kind, err: err}
		if err == nil {
			c.whole = around.holds(f.Path)
			var rel string
			rel, c.err = filepath.Rel(dir, f.Path)
			c.name = filepath.ToSlash(filepath.Join(base, rel))
			if isOutput(f.Path, output) {
				c.kind = "what this command writes"
			}
		}
		if !yield(c) || c.err != nil {
			return false
		}
	}
	return true
}

// layoutAround tells whether files are blobs of an image layout, which stays together. It keeps what it
// found of one directory, in which most of the next files are, too.
type layoutAround struct {
	blobs string
	is    bool
}

func (l *layoutAround) holds(path string) bool {
	if dir := filepath.Dir(path); dir != l.blobs {
		l.blobs, l.is = dir, false
		if above, blobs := strings.CutSuffix(dir, filepath.FromSlash(layoutBlobs)); blobs {
			l.is = oci.IsLayout(above)
		}
	}
	return l.is
}

// isOutput reports whether a file is the one that will give way to the snapshot.
func isOutput(path, output string) bool {
	if filepath.Base(path) != filepath.Base(output) {
		return false
	}
	a, errA := os.Lstat(path)
	b, errB := os.Lstat(output)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// readItem is a candidate that was read.
type readItem struct {
	item
	kind string
	err  error
}

// readCandidate is called by several goroutines at once.
func readCandidate(_ context.Context, c *candidate) readItem {
	r := readItem{item: item{source: c.path}, kind: c.kind, err: c.err}
	if r.err != nil || r.kind != "" {
		return r
	}
	f, err := openCandidate(c)
	if err != nil {
		r.err = err
		return r
	}
	defer f.Close()
	if !c.named && holdsOwnKey(f) {
		r.kind = "the private key of a timeline or log of stella's"
		return r
	}
	sum, err := f.Content()
	if err != nil {
		r.err = err
		return r
	}
	r.SHA256, r.Size = sum.SHA256Hex(), f.Size()
	if info, err := os.Stat(c.path); err == nil {
		r.executable = info.Mode()&0o111 != 0
	}
	section := sectionFiles
	if !c.whole {
		section = sectionFor(f, c.name)
	}
	if r.Path, r.err = canonicalPath(section, c.name); r.Path != section+"/"+c.name {
		r.Name = strings.ToValidUTF8(c.name, "\uFFFD")
	}
	return r
}

// holdsOwnKey reports whether a file is the key that a timeline or an audit log signs its
// checkpoints with. It lies beside them, and whoever has it can rewrite them.
func holdsOwnKey(f *input.File) bool {
	const own = "PRIVATE+KEY+stella.ops/" // of a signed note
	head := make([]byte, len(own))
	n, _ := f.ReadAt(head, 0) // what cannot be read fails where it is read whole
	return string(head[:n]) == own
}

func openCandidate(c *candidate) (*input.File, error) {
	if c.named {
		return input.Open(c.path, nil, input.MaxArtifact)
	}
	return input.OpenPlain(c.path)
}

// sectionFor returns the section for a file by its name and, for evidence, content.
func sectionFor(f *input.File, name string) string {
	ends := func(suffixes ...string) bool {
		for _, s := range suffixes {
			if strings.HasSuffix(name, s) {
				return true
			}
		}
		return false
	}
	switch {
	case bundle.LooksLikeEvidence(name):
		return sectionAttestations
	case ends(".tsr", ".tst", ".tsq"):
		return sectionTimestamps
	case ends(".logentry.json", ".checkpoint", ".tlog-proof"):
		return sectionTransparency
	}
	if f.Size() > 0 && f.Size() <= maxSniffed {
		if items, _, err := bundle.Read(f); err == nil && len(items) > 0 {
			return sectionAttestations
		}
	}
	return sectionFiles
}

// maxSniffed bounds the files that are read to find out whether they are evidence, in
// bytes. Larger evidence is known by its name.
const maxSniffed = 64 << 20

// addInline adds an entry whose content is in memory.
func (d *Draft) addInline(path string, content []byte) error {
	sum := sha256.Sum256(content)
	d.inline[path] = content
	i := item{Entry: Entry{Path: path, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}}
	return d.sorter.Add(appendItem(nil, &i))
}

// open returns the content of an item, which is still what it was.
func (d *Draft) open(i *item) (io.ReadCloser, error) {
	if content, ok := d.inline[i.Path]; ok {
		return io.NopCloser(strings.NewReader(string(content))), nil
	}
	f, err := os.Open(i.source)
	if err != nil {
		return nil, changed(i.source)
	}
	return f, nil
}

func changed(path string) error {
	return fault.New(fault.InputChanged, "%s changed while it was being read", input.Display(path)).With("path", path).
		WithHint("let nothing write to what the snapshot is of, and run the command again")
}
