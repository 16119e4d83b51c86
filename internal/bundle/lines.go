package bundle

import (
	"bytes"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// readLines reads JSON lines. A line that is no JSON document tells nothing as long as no
// other one is evidence.
func (r *Reader) readLines(f *input.File) ([]Item, []Ignored, error) {
	var items []Item
	var ignored []Ignored
	var damaged error // of the first such line
	err := eachLine(f, MaxLines, func(l Line) error {
		found, err := r.ReadLine(f, l)
		switch {
		case fault.ReasonOf(err) == fault.NotEvidence:
			ignored = append(ignored, Ignored{l.Number, err.Error()})
		case Damaged(err) && PassedOver("", err):
			if damaged == nil {
				damaged = inFile(err, f, l.Number)
			}
		case err != nil:
			return inFile(err, f, l.Number)
		}
		items = append(items, found...)
		return nil
	})
	switch {
	case err != nil:
		return nil, nil, err
	case damaged != nil && len(items) > 0:
		return nil, nil, amongError{damaged}
	case damaged != nil:
		return nil, nil, damaged
	case len(items) == 0:
		return nil, nil, inFile(fault.New(fault.NotEvidence, "no line is an envelope or bundle"), f, 0)
	}
	return items, ignored, nil
}

// eachLine calls do for every line of f that is not blank, of which there are at
// most limit, or any number if limit is 0.
func eachLine(f *input.File, limit int, do func(Line) error) error {
	buf := make([]byte, 256<<10)
	start, line := int64(0), 1
	blank := true
	for off := int64(0); off < f.Size(); {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), f.Size()-off)], off)
		if n == 0 {
			return fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(f.Name()))
		}
		for piece := buf[:n]; len(piece) > 0; {
			i := bytes.IndexByte(piece, '\n')
			end := i + 1
			if i < 0 {
				end = len(piece)
			}
			blank = blank && len(bytes.TrimSpace(piece[:end])) == 0
			off += int64(end)
			piece = piece[end:]
			if i < 0 && off < f.Size() {
				continue
			}
			if !blank {
				if err := do(Line{line, start, off - start}); err != nil {
					return err
				}
			}
			if line++; limit > 0 && line > limit {
				return fault.New(fault.InputTooLarge, "%s has more than %d lines", input.Display(f.Name()), limit)
			}
			start, blank = off, true
		}
	}
	return nil
}
