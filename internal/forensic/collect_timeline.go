package forensic

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/input"
)

// addTimeline adds a timeline as it is now, with what lies beside it. One that does
// not verify, also against its own checkpoint, is no timeline of a case; as evidence it
// can be a file.
func (d *Draft) addTimeline(ctx context.Context, path string) error {
	checkpoints, err := d.addBeside(path) // others may add to the timeline, but not take away
	if err != nil {
		return noTimeline(path, err)
	}
	f, err := input.Open(path, nil, input.MaxArtifact)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	report, err := timeline.Verify(ctx, io.TeeReader(f.Reader(), sum), timeline.Options{Checkpoints: checkpoints})
	if err != nil {
		return err
	}
	if err := cmp.Or(report.Err(), report.Whole()); err != nil {
		return noTimeline(path, err)
	}
	d.Manifest.Timeline = &TimelineHead{report.Events, report.Head}
	i := item{Entry: Entry{Path: timelineName, SHA256: hex.EncodeToString(sum.Sum(nil)), Size: f.Size()}, source: path}
	return d.sorter.Add(appendItem(nil, &i))
}

func noTimeline(path string, err error) error {
	return fault.Wrap(fault.ReasonOf(err), err, "%s", input.Display(path)).With("path", path).
		WithHint("name it as a file to keep it as evidence of what was done to it")
}

// addBeside adds the key and the checkpoint of a timeline, and returns the checkpoint to
// hold it to; none if it was carried here without them.
func (d *Draft) addBeside(path string) ([]chain.Compared, error) {
	key, err := timeline.Kind().VerifierKey(path)
	if fault.ReasonOf(err) == fault.InputNotFound && err != nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := timeline.Kind().NewestCheckpoint(path)
	if err != nil {
		return nil, err
	}
	checkpoint, err := timeline.Kind().Open(text, key)
	if err != nil {
		return nil, err
	}
	if err := d.addInline(timelineKeyName, []byte(key+"\n")); err != nil {
		return nil, err
	}
	return []chain.Compared{chain.NewCompared(checkpoint, path+chain.CheckpointSuffix, false)}, d.addInline(checkpointName, text)
}
