package forensic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/input"
)

// addTimeline adds a timeline as it is now, with what lies beside it. One that does
// not verify is no timeline of a case; as evidence it can be a file.
func (d *Draft) addTimeline(ctx context.Context, path string) error {
	f, err := input.Open(path, nil, input.MaxArtifact)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	report, err := timeline.Verify(ctx, io.TeeReader(f.Reader(), sum), timeline.Options{})
	if err != nil {
		return err
	}
	if err = report.Err(); err == nil {
		err = report.Whole()
	}
	if err != nil {
		return fault.Wrap(fault.ReasonOf(err), err, "%s", input.Display(path)).With("path", path).
			WithHint("name it as a file to keep it as evidence of what was done to it")
	}
	d.Manifest.Timeline = &TimelineHead{report.Events, report.Head}
	i := item{Entry: Entry{Path: timelineName, SHA256: hex.EncodeToString(sum.Sum(nil)), Size: f.Size()}, source: path}
	if err := d.sorter.Add(appendItem(nil, &i)); err != nil {
		return err
	}
	key, err := timeline.Kind().VerifierKey(path)
	if fault.ReasonOf(err) == fault.InputNotFound && err != nil {
		return nil // it was carried here without them
	}
	if err != nil {
		return err
	}
	if err := d.addInline(timelineKeyName, []byte(key+"\n")); err != nil {
		return err
	}
	checkpoint, err := timeline.Kind().NewestCheckpoint(path)
	if err != nil {
		return err
	}
	return d.addInline(checkpointName, checkpoint)
}
