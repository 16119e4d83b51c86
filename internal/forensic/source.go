package forensic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// Source is a snapshot that can be read more than once.
type Source struct {
	Name string // for people
	// Open gives the members, as the function Open does.
	Open func() (archive.Members, io.Closer, error)
}

// File returns the snapshot in the file or directory called name.
func File(name string) Source {
	return Source{name, func() (archive.Members, io.Closer, error) { return Open(name, nil) }}
}

// head opens the snapshot and reads its manifest and signature, which verifies neither.
// The caller closes what it gets.
func (s Source) head(ctx context.Context) (*verification, error) {
	members, in, err := s.Open()
	if err != nil {
		return nil, err
	}
	v := newVerification(ctx, members, &VerifyOptions{Name: s.Name})
	v.in = in
	if err = v.begin(); err == nil {
		err = unread(s.Name, v.readSignature())
	}
	if err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

// unread says of an archive that cannot be read which one it is, and what to do.
func unread(name string, err error) error {
	switch {
	case errors.Is(err, archive.ErrTruncated):
		return fault.Wrap(fault.ArchiveMalformed, archive.ErrTruncated, "%s ends early", input.Display(name)).With("path", name).
			WithHint("was it copied only partly? Copy it anew")
	case fault.ReasonOf(err) == fault.ArchiveMalformed:
		return fault.Wrap(fault.ArchiveMalformed, err, "%s cannot be read", input.Display(name)).With("path", name).
			WithHint("was it copied badly? Copy it anew")
	}
	return err
}

func newVerification(ctx context.Context, members archive.Members, o *VerifyOptions) *verification {
	v := &verification{ctx: ctx, o: o, references: newReferences()}
	v.loose.aside = &v.aside
	v.next, v.stop = iter.Pull2(members)
	return v
}

// begin reads the manifest, with which every snapshot begins.
func (v *verification) begin() error {
	first, err := v.member()
	switch {
	case errors.Is(err, archive.ErrNotArchive):
		return noSnapshot(v.o.Name, "there is no archive in it")
	case err != nil:
		return unread(v.o.Name, err)
	case first == nil:
		return noSnapshot(v.o.Name, "it is empty")
	case first.Name != ManifestName || first.Content == nil:
		return noSnapshot(v.o.Name, fmt.Sprintf("it begins with %.100q, not with %s", first.Name, ManifestName))
	}
	return unread(v.o.Name, v.readManifest(first))
}
