package cli

import (
	"context"
	"os"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/input"
)

// addFirst adds the events in a file to the timeline that a snapshot takes in. Nothing is
// ever taken back from a timeline, and who runs the command again adds them again: so
// whatever can be known to fail without reading the evidence fails before.
func addFirst(ctx context.Context, s *session, names []string, events string, o forensic.Options) error {
	if err := checkThere(names); err != nil {
		return err
	}
	path := o.Timeline
	o.Timeline = ""
	empty, err := forensic.NewDraft(ctx, nil, o) // says what is wrong with tenant and notes
	if err != nil {
		return err
	}
	empty.Close()
	f, err := input.Open(events, s.Stdin, input.MaxArtifact)
	if err != nil {
		return err
	}
	defer f.Close()
	add := &timelineAddOptions{events: events}
	for _, err := range add.entries(ctx, s, f.Reader()) {
		if err != nil {
			return err
		}
	}
	added, err := timeline.Add(ctx, path, s.Now, add.entries(ctx, s, f.Reader()))
	return warnAdded(s, path, added, err)
}

// checkThere opens what is named, and reads nothing of it.
func checkThere(names []string) error {
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case err == nil && info.IsDir():
			continue
		case err == nil && !info.Mode().IsRegular():
			return fault.New(fault.InputNotRegular, "%s is neither a file nor a directory", input.Display(name)).With("path", name)
		}
		f, err := input.Open(name, nil, input.MaxArtifact)
		if err != nil {
			return err
		}
		f.Close()
	}
	return nil
}
