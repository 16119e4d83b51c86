package cli

import (
	"bytes"
	"context"
	"encoding/json/jsontext"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ui"
)

func newForensicTimelineShowCommand(a *app) *cobra.Command {
	var opts timelineShowOptions
	cmd := &cobra.Command{
		Use:   "show TIMELINE",
		Short: "show the events of a timeline",
		Long: `Show the events of a timeline: all of them, those of a category or kind, those
since a time. An event is shown as it stands, but for content that a redaction
notice takes back; a warning tells if the timeline does not verify.

Keep a checkpoint and the key that verifies it where nobody who can write the
timeline can write: then stella forensic timeline verify also finds that the
timeline was cut off or written anew.`,
		Example: `  stella forensic timeline show case.ndjson
  stella forensic timeline show case.ndjson --category scanner --since 2026-01-01T00:00:00Z --format ndjson
  stella forensic timeline show case.ndjson --checkpoint > new.checkpoint
  stella forensic timeline show case.ndjson --public-key > new.vkey`,
		Args: wantArgs("TIMELINE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runForensicTimelineShow(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	opts.format = newChoice(formatText, formatText, formatJSON, formatNDJSON)
	opts.category = newChoice("", timeline.Categories()...)
	fs := cmd.Flags()
	fs.Var(opts.format, keyFormat, "how the events are shown: `text|json|ndjson`")
	fs.Var(opts.category, "category", "only events of a `CATEGORY`")
	fs.StringVar(&opts.kind, "kind", "", "only events of a `KIND`")
	fs.StringVar(&opts.since, "since", "", "only events from `TIME` (RFC 3339) on")
	fs.BoolVar(&opts.checkpoint, "checkpoint", false, "print the newest checkpoint and no events")
	fs.BoolVar(&opts.publicKey, "public-key", false, "print the key that verifies checkpoints and no events")
	return cmd
}

type timelineShowOptions struct {
	format, category      *choice
	kind, since           string
	checkpoint, publicKey bool
}

func runForensicTimelineShow(ctx context.Context, s *session, o *timelineShowOptions, path string) error {
	switch {
	case o.checkpoint && o.publicKey:
		return fault.New(fault.UsageInvalid, "--checkpoint and --public-key exclude each other: each is printed alone")
	case o.checkpoint:
		text, err := timeline.Kind().NewestCheckpoint(path)
		if err != nil {
			return err
		}
		return printText(s, text)
	case o.publicKey:
		key, err := timeline.Kind().VerifierKey(path)
		if err != nil {
			return err
		}
		return printText(s, []byte(key+"\n"))
	}
	var since time.Time
	if o.since != "" {
		var err error
		if since, err = parseInstant("since", o.since); err != nil {
			return err
		}
	}
	f, err := input.Open(path, s.Stdin, maxTimeline)
	if err != nil {
		return err
	}
	defer f.Close()
	return o.show(ctx, s, f, func(e *timeline.Event) bool {
		return !e.Time.Before(since) && (o.kind == "" || e.Kind == o.kind) && (o.category.value == "" || e.Category == o.category.value)
	})
}

// maxTimeline bounds a timeline, in bytes.
const maxTimeline = input.MaxArtifact

// show shows the events that are wanted, and warns if the timeline is not what was
// once written.
func (o *timelineShowOptions) show(ctx context.Context, s *session, f *input.File, wanted func(*timeline.Event) bool) error {
	redacted := make(map[timeline.ID]bool)
	report, err := timeline.Verify(ctx, f.Reader(), timeline.Options{Each: func(e *timeline.Event) error {
		if e.Redacts() {
			redacted[e.Supersedes] = true
		}
		return nil
	}})
	if err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		if fault.ReasonOf(err) == fault.TimelineMalformed {
			return timeline.NotOne(f.Name())
		}
		s.ui.Warn("%s; see stella forensic timeline verify", err)
	}
	result := &eventsResult{Events: []*eventView{}}
	for e, err := range timeline.Events(f.Reader()) {
		if err != nil {
			return err
		}
		if !wanted(e) {
			continue
		}
		view := newEventView(e, redacted[e.ID])
		switch o.format.value {
		case formatNDJSON:
			err = s.ui.Out.JSONLine(view)
		case formatJSON:
			result.Events = append(result.Events, view)
		default:
			view.show(s.ui.Out)
			result.shown++
		}
		if err != nil {
			return err
		}
	}
	if o.format.value == formatNDJSON {
		return s.ui.Out.Flush()
	}
	return s.ui.Show(result)
}

// eventsResult is the events as one JSON object; as text they were shown one by one.
type eventsResult struct {
	Events []*eventView `json:"events"`
	shown  int
}

// Text implements ui.Result.
func (r *eventsResult) Text(p *ui.Printer) { p.Line(ui.T(plural(r.shown, "event"))) }

// eventView is an event as it is shown: with the members of its line.
type eventView struct {
	Seq           uint64         `json:"seq"`
	ID            string         `json:"event_id"`
	Time          time.Time      `json:"timestamp"`
	Tenant        string         `json:"tenant,omitempty"`
	Category      string         `json:"category"`
	Kind          string         `json:"kind"`
	TraceID       string         `json:"trace_id,omitempty"`
	Supersedes    string         `json:"supersedes,omitempty"`
	DetailsSHA256 string         `json:"details_sha256"`
	Redacted      bool           `json:"redacted,omitzero"`
	Details       jsontext.Value `json:"details,omitempty"` // not of one that is redacted
}

func newEventView(e *timeline.Event, redacted bool) *eventView {
	v := &eventView{
		Seq: e.Seq, ID: e.ID.String(), Time: e.Time, Tenant: e.Tenant, Category: e.Category, Kind: e.Kind, TraceID: e.TraceID,
		DetailsSHA256: e.DetailsSHA256.String(), Redacted: redacted,
	}
	if e.Redacts() {
		v.Supersedes = e.Supersedes.String()
	}
	if !redacted {
		v.Details = bytes.Clone(e.Details)
	}
	return v
}

func (v *eventView) show(p *ui.Printer) {
	p.Line(ui.Styled(ui.Strong, fmt.Sprintf("event %d  %s  %s  %s", v.Seq, v.Time.Format(time.RFC3339), v.Category, v.Kind)))
	pairs := []ui.Pair{ui.P("id", ui.T(v.ID))}
	for _, pair := range [][2]string{{"tenant", v.Tenant}, {"trace", v.TraceID}, {"supersedes", v.Supersedes}} {
		if pair[1] != "" {
			pairs = append(pairs, ui.P(pair[0], ui.T(pair[1])))
		}
	}
	switch {
	case v.Redacted:
		pairs = append(pairs, ui.P("details", ui.Styled(ui.Warn, "redacted"), ui.T("; their hash is "), p.Digest("sha256:"+v.DetailsSHA256)))
	case v.Details == nil:
		pairs = append(pairs, ui.P("details", ui.Styled(ui.Bad, "removed"), ui.T(", and no redaction notice says so")))
	default:
		pairs = append(pairs, ui.P("details", ui.T(string(v.Details))))
	}
	p.Pairs(pairs...)
	p.Blank()
}
