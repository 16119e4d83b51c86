package offlinekit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
)

// NewBuild looks at all that the plan names and hashes it: nothing is copied yet. What
// is not of the kind that the plan takes it for is refused. now is the time by which
// the trust must not have expired.
//
// The errors: fault.KitInput; those of the inputs' own readers; the cause of ctx.
func NewBuild(ctx context.Context, p *Plan, now time.Time) (*Build, error) {
	b := &Build{ctx: ctx, plan: p, sources: map[string]source{}}
	for _, step := range []func() error{
		func() error { return b.addTrust(now) }, b.addBinaries, b.addImages,
		b.addEvidence, b.addSBOMs, b.addReports, b.addPolicies, b.addDocuments,
	} {
		if err := step(); err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	return b, nil
}

// Close lets go of the inputs.
func (b *Build) Close() error {
	var errs []error
	for _, c := range b.closers {
		errs = append(errs, c.Close())
	}
	b.closers = nil
	return errors.Join(errs...)
}

// Counts says what was found.
func (b *Build) Counts() Counts { return b.counts }

// add takes one file.
func (b *Build) add(e Entry, s source) error {
	if err := context.Cause(b.ctx); err != nil {
		return err
	}
	if err := CheckName(e.Name); err != nil {
		return fault.Wrap(fault.KitInput, err, "%s cannot be in a kit", input.Display(s.from)).With("path", s.from).
			WithHint("rename it, so that every system can hold the kit")
	}
	if other, twice := b.sources[e.Name]; twice {
		return fault.New(fault.KitInput, "%s and %s would both be %q", input.Display(other.from), input.Display(s.from), e.Name).With("path", s.from).
			WithHint("rename one of them, or leave one away")
	}
	b.entries, b.sources[e.Name] = append(b.entries, e), s
	return nil
}

// addBytes takes a file that is in memory.
func (b *Build) addBytes(name, from string, content []byte) error {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	return b.add(Entry{Name: name, Size: int64(len(content)), SHA256: sha256.Sum256(content)}, source{open, from})
}

// addFile takes a file of which the digest is known.
func (b *Build) addFile(name, path string, size int64, sum [sha256.Size]byte, executable bool) error {
	open := func() (io.ReadCloser, error) { return input.OpenStream(path, nil) }
	return b.add(Entry{name, size, sum, executable}, source{open, path})
}

// addImages merges all layouts into one, whose index lists every image and everything
// that refers to one. The digest of a blob is its name: it is read once, when it is
// written.
func (b *Build) addImages() error {
	if len(b.plan.Images) == 0 {
		return nil
	}
	var tops []oci.Top
	for _, path := range b.plan.Images {
		more, err := b.addLayout(path)
		if err != nil {
			return err
		}
		tops = append(tops, more...)
	}
	index, layout, err := oci.Index(tops)
	if err != nil {
		return err
	}
	b.counts.Images = len(slices.CompactFunc(slices.SortedFunc(slices.Values(tops), byDigest), func(x, y oci.Top) bool { return x.Digest == y.Digest }))
	if err := b.addBytes(imagesDir+"index.json", "the index of the images", index); err != nil {
		return err
	}
	return b.addBytes(imagesDir+"oci-layout", "the index of the images", layout)
}

// Manifest returns the manifest, once START-HERE is written for who signs.
func (b *Build) Manifest(signers []SignerKey) (*Header, error) {
	m := &Manifest{
		Name: b.plan.Name, Channel: b.plan.Channel, Version: b.plan.Version, Label: b.plan.Label,
		CreatedAt: b.plan.CreatedAt.UTC().Truncate(time.Second),
	}
	if err := b.addStart(m, signers); err != nil {
		return nil, err
	}
	m.Entries = slices.SortedFunc(slices.Values(b.entries), func(x, y Entry) int { return Compare(x.Name, y.Name) })
	if err := m.AddChecksums(); err != nil {
		return nil, fault.Wrap(fault.KitInput, err, "the kit cannot be built")
	}
	var sums, text bytes.Buffer
	if err := m.WriteChecksums(&sums); err != nil {
		return nil, err
	}
	b.sources[ChecksumsName] = source{func() (io.ReadCloser, error) { return io.NopCloser(&sums), nil }, ChecksumsName}
	if _, err := m.WriteTo(&text); err != nil {
		return nil, err
	}
	if text.Len() > MaxManifest {
		return nil, fault.New(fault.KitInput, "the manifest has %d bytes, over the limit of %d: the kit has too many files", text.Len(), MaxManifest).
			WithHint("build several kits, or put files into archives")
	}
	return NewHeader(m, text.Bytes()), nil
}

// Changed returns fault.InputChanged if err is what Check found of a file that this build
// has written: the input is not what it was. Any other error stays.
func (b *Build) Changed(err error, v *Verdict) error {
	if v == nil || fault.ReasonOf(err) != fault.KitMismatch {
		return err
	}
	for _, f := range v.Findings {
		if s, ours := b.sources[f.File]; ours && f.Reason == fault.KitMismatch {
			return changed(s.from)
		}
	}
	return err
}

// Write writes the kit, once. An input that has another length than it had, or is gone, is
// fault.InputChanged; one that has other content is found by Check: see Changed.
func (b *Build) Write(t Target, h *Header) error {
	return Write(b.ctx, t, h, func(e *Entry) (io.ReadCloser, error) {
		s := b.sources[e.Name]
		r, err := s.open()
		if err != nil && fault.ReasonOf(err) == fault.InputNotFound {
			return nil, changed(s.from)
		}
		return r, err
	}, func(e *Entry) string { return b.sources[e.Name].from })
}

func changed(from string) error {
	return fault.New(fault.InputChanged, "%s is not what it was when the build began", input.Display(from)).With("path", from).
		WithHint("let nothing write to the inputs and run the command again; of an image, its layout is damaged")
}
