package offlinekit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
	"github.com/stellaops/stella/pkg/verify/material"
)

// maxPolicy bounds a policy and a trusted root that are looked at, in bytes.
const maxPolicy = 16 << 20

func byDigest(a, b oci.Top) int { return strings.Compare(a.Digest, b.Digest) }

// addTrust takes what a client reads of the export, after having been one.
func (b *Build) addTrust(now time.Time) error {
	if b.plan.Trust == "" {
		return nil
	}
	source, err := trust.OpenSource(b.plan.Trust)
	if err != nil {
		return err
	}
	defer source.Close()
	found, err := trust.Examine(source, now, b.plan.CheckPolicy)
	if err != nil {
		return err
	}
	b.counts.Trust = len(found.Files)
	for _, f := range found.Files {
		if err := b.addBytes(TrustDir+f.Name, b.plan.Trust+"/"+f.Name, f.Content); err != nil {
			return err
		}
	}
	return nil
}

// addLayout takes the blobs of a layout, and returns what its index has to list.
func (b *Build) addLayout(path string) ([]oci.Top, error) {
	l, err := b.openLayout(path)
	if err != nil {
		return nil, err
	}
	found, err := l.Inventory()
	if err != nil {
		return nil, err
	}
	for _, blob := range found.Blobs {
		name := imagesDir + "blobs/sha256/" + strings.TrimPrefix(blob.Digest, "sha256:")
		if _, there := b.sources[name]; there {
			continue // another layout has it
		}
		e := Entry{Name: name, Size: blob.Size}
		if _, err := hex.Decode(e.SHA256[:], []byte(strings.TrimPrefix(blob.Digest, "sha256:"))); err != nil {
			return nil, err
		}
		open := func() (io.ReadCloser, error) { return l.OpenBlob(blob.Digest) }
		if err := b.add(e, source{open, path + ", blob " + blob.Digest}); err != nil {
			return nil, err
		}
	}
	return found.Tops, nil
}

func (b *Build) openLayout(path string) (*oci.Layout, error) {
	if oci.IsLayout(path) {
		l, err := oci.Open(path)
		if err == nil {
			b.closers = append(b.closers, l)
		}
		return l, err
	}
	f, err := input.Open(path, nil, input.MaxArtifact)
	if err != nil {
		if fault.ReasonOf(err) == fault.InputNotRegular {
			return nil, notKind(path, "an OCI image layout: it has no file oci-layout")
		}
		return nil, err
	}
	b.closers = append(b.closers, f)
	l, err := oci.OpenTar(f)
	switch {
	case err != nil:
		return nil, err
	case l == nil:
		return nil, notKind(path, "an OCI image layout")
	}
	b.closers = append(b.closers, l)
	return l, nil
}

func notKind(path, what string) error {
	return fault.New(fault.KitInput, "%s is not %s", input.Display(path), what).With("path", path)
}

func (b *Build) addEvidence() error {
	return b.each(evidenceDir, b.plan.Evidence, &b.counts.Evidence, func(f *input.File) error {
		if IsTrustedRootName(path.Base(filepath.ToSlash(f.Name()))) {
			return b.checkTrustedRoot(f)
		}
		_, _, err := bundle.Read(f)
		switch {
		case err != nil && oci.IsArchive(f.Name()):
			return fault.Wrap(fault.KitInput, err, "").WithHint("name an image layout with --image")
		case fault.ReasonOf(err) == fault.NotEvidence:
			return fault.Wrap(fault.KitInput, err, "").WithHint("name with --document what is to travel with the evidence")
		}
		return err
	})
}

// IsTrustedRootName reports whether a file beside evidence holds the trust that it came
// with, unrooted, as "gh attestation trusted-root" writes it.
func IsTrustedRootName(base string) bool {
	return base == "trusted_root.jsonl" || base == trust.TrustedRootName
}

func (b *Build) checkTrustedRoot(f *input.File) error {
	if f.Size() > maxPolicy {
		return fault.New(fault.InputTooLarge, "%s is larger than the limit of %d bytes", input.Display(f.Name()), maxPolicy)
	}
	text, err := f.ReadAll()
	if err == nil {
		_, err = material.ParseRoot(f.Name(), text)
	}
	return err
}

func (b *Build) addSBOMs() error {
	return b.each(sbomsDir, b.plan.SBOMs, &b.counts.SBOMs, func(f *input.File) error {
		return recognized(f, "an SBOM", predicate.KindSBOM)
	})
}

func (b *Build) addReports() error {
	return b.each(reportsDir, b.plan.Reports, &b.counts.Reports, func(f *input.File) error {
		return recognized(f, "a scan report, verdict or VEX", predicate.KindReport, predicate.KindVEX)
	})
}

func recognized(f *input.File, what string, kinds ...predicate.Kind) error {
	d, err := predicate.Recognize(f)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(kinds, d.Kind.Is) {
		return nil
	}
	return fault.New(fault.KitInput, "%s is not %s: it is %s", input.Display(f.Name()), what, d).With("path", f.Name())
}

func (b *Build) addPolicies() error {
	return b.each(policiesDir, b.plan.Policies, &b.counts.Policies, func(f *input.File) error {
		if f.Size() > maxPolicy {
			return fault.New(fault.InputTooLarge, "%s is larger than the limit of %d bytes", input.Display(f.Name()), maxPolicy)
		}
		text, err := f.ReadAll()
		if err != nil {
			return err
		}
		return b.plan.CheckPolicy(text, f.Name())
	})
}

func (b *Build) addDocuments() error {
	return b.each(documentsDir, b.plan.Documents, &b.counts.Documents, func(*input.File) error { return nil })
}

// each takes files and directories into a directory of the kit, after check is content
// with each file.
func (b *Build) each(dir string, names []string, count *int, check func(*input.File) error) error {
	for _, name := range names {
		found, err := filesOf(name)
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := b.one(dir+portable(f.rel), f.path, check); err != nil {
				return err
			}
			*count++
		}
	}
	return nil
}

// portable replaces the colon in "sha256:<hex>.jsonl", the name that "gh attestation
// download" gives, which Windows cannot write.
func portable(rel string) string {
	dir, base := path.Split(rel)
	if rest, is := strings.CutPrefix(base, "sha256:"); is {
		base = "sha256-" + rest
	}
	return dir + base
}

func (b *Build) one(name, path string, check func(*input.File) error) error {
	f, err := input.Open(path, nil, input.MaxArtifact)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := check(f); err != nil {
		return err
	}
	content, err := f.Content()
	if err != nil {
		return err
	}
	return b.addFile(name, path, f.Size(), content.Sum(), false)
}

// inputFile is a file that is named, or lies in a directory that is.
type inputFile struct{ path, rel string }

// filesOf returns the file called name, or all files of the directory, sorted. A link in
// a directory could lead anywhere: it is refused.
func filesOf(name string) ([]inputFile, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.InputNotFound, "%s does not exist", input.Display(name)).With("path", name)
	case err != nil:
		return nil, fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read %s", input.Display(name)).With("path", name)
	case !info.IsDir():
		return []inputFile{{name, filepath.Base(name)}}, nil
	}
	var list []inputFile
	err = filepath.WalkDir(name, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read %s", input.Display(p)).With("path", p)
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return fault.New(fault.KitInput, "%s is %s", input.Display(p), kindOf(d.Type())).With("path", p).
				WithHint("a kit holds regular files only: put the file itself there")
		}
		rel, err := filepath.Rel(name, p)
		list = append(list, inputFile{p, filepath.ToSlash(rel)})
		return err
	})
	if err == nil && len(list) == 0 {
		err = fault.New(fault.KitInput, "%s has no files", input.Display(name)).With("path", name)
	}
	return list, err
}

// digestOf hashes what r gives.
func digestOf(r io.Reader) (sum [sha256.Size]byte, n int64, err error) {
	h := sha256.New()
	n, err = io.Copy(h, r)
	return [sha256.Size]byte(h.Sum(nil)), n, err
}
