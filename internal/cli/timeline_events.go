package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"iter"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// addAll adds an event for each line of a file.
func (o *timelineAddOptions) addAll(ctx context.Context, s *session, path string) (*timeline.Added, error) {
	in, err := input.OpenStream(o.events, s.Stdin)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return timeline.Add(ctx, path, s.Now, o.entries(ctx, s, in))
}

func (o *timelineAddOptions) entries(ctx context.Context, s *session, r io.Reader) iter.Seq2[timeline.Entry, error] {
	trace := cmp.Or(o.traceID, s.traceID())
	return func(yield func(timeline.Entry, error) bool) {
		br := bufio.NewReaderSize(r, timeline.MaxLine)
		for n := 1; ; n++ {
			text, err := br.ReadSlice('\n')
			ended := errors.Is(err, io.EOF)
			switch {
			case ended && len(text) == 0:
				return
			case errors.Is(err, bufio.ErrBufferFull):
				err = fault.New(fault.TimelineMalformed, "it is over %d bytes", timeline.MaxLine)
			case ended:
				err = nil
			}
			err = cmp.Or(context.Cause(ctx), err)
			var e timeline.Entry
			if err == nil && len(bytes.TrimSpace(text)) > 0 {
				e, err = parseEventLine(text)
				e.Tenant, e.TraceID = cmp.Or(e.Tenant, o.tenant), cmp.Or(e.TraceID, trace)
			} else if err == nil {
				continue
			}
			if err != nil {
				yield(e, inLine(err, o.events, n))
				return
			}
			if !yield(e, nil) || ended {
				return
			}
		}
	}
}

// parseEventLine reads one JSON line of --events. A member that is null is as one that
// is not there.
func parseEventLine(text []byte) (timeline.Entry, error) {
	var e timeline.Entry
	texts := map[string]*string{"category": &e.Category, "kind": &e.Kind, "tenant": &e.Tenant, "trace_id": &e.TraceID}
	d := strictjson.NewDecoder(input.FromBytes("", text), 0, int64(len(text)), int64(len(text)))
	err := d.ClosedObject([]string{"category", "kind", "tenant", "trace_id", "details"}, func(name string) (err error) {
		switch {
		case d.Null():
		case name == "details":
			e.Details, err = d.Raw(timeline.MaxLine)
		default:
			*texts[name], err = d.String(timeline.MaxText)
		}
		return err
	})
	if err = cmp.Or(err, d.End()); err != nil {
		return e, fault.Wrap(fault.TimelineMalformed, err, "").
			WithHint("a line has the members kind, category, details, tenant and trace_id")
	}
	if e.Kind == timeline.KindRedaction {
		return e, fault.New(fault.TimelineMalformed, "a redaction notice is added by --redact")
	}
	return e, categorise(&e)
}

// inLine says in which line of a file an error was met.
func inLine(err error, name string, n int) error {
	reason := fault.ReasonOf(err)
	if reason == fault.Internal {
		reason = fault.InputUnreadable
	}
	return fault.Wrap(reason, err, "%s, line %d", input.Display(name), n)
}
