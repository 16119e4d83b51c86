package cli

import (
	"cmp"
	"context"
	"encoding/json/jsontext"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/ui"
)

func newForensicTimelineAddCommand(a *app) *cobra.Command {
	var opts timelineAddOptions
	cmd := &cobra.Command{
		Use:   "add TIMELINE",
		Short: "add events to a timeline",
		Long: `Add an event to a timeline, or with --events one for each JSON line of a file,
which has the members kind, and if you like category, details, tenant and
trace_id. A timeline that is not there is begun. The time is that of adding;
what happened when goes into the details.

Nothing is ever taken back but by another event: --redact adds a
redaction_notice that names the event and repeats the hash of its content.
Show then holds the content back; --remove-content also takes it out of the
file, whose chain still verifies.`,
		Example: `  stella forensic timeline add case.ndjson --kind scan.completed --details '{"scanner":"trivy","findings":3}'
  stella forensic timeline add case.ndjson --category policy --kind waiver.granted --details '{"by":"carol"}'
  stella forensic timeline add case.ndjson --events events.jsonl`,
		Args: wantArgs("TIMELINE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runForensicTimelineAdd(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.category = newChoice("", timeline.Categories()...)
	fs := cmd.Flags()
	fs.StringVar(&opts.kind, "kind", "", "what happened: `KIND`, one of "+strings.Join(timeline.Kinds(), ", ")+", or another")
	fs.Var(opts.category, "category", "category of a kind that is not listed: `"+strings.Join(timeline.Categories(), "|")+"`")
	fs.StringVar(&opts.details, "details", "", "what is known of it, as a `JSON` object")
	fs.StringVar(&opts.tenant, "tenant", "", "on whose behalf")
	fs.StringVar(&opts.traceID, "trace-id", "", "trace that the event belongs to; without it that of TRACEPARENT")
	fs.StringVar(&opts.events, "events", "", "add an event for each JSON line of `FILE|-`")
	fs.StringVar(&opts.redact, "redact", "", "take back the content of the event `ID`")
	fs.BoolVar(&opts.removeContent, "remove-content", false, "take the redacted content out of the file, too")
	return cmd
}

type timelineAddOptions struct {
	category      *choice
	kind, details string
	tenant        string
	traceID       string
	events        string
	redact        string
	removeContent bool
}

func runForensicTimelineAdd(ctx context.Context, s *session, o *timelineAddOptions, path string) error {
	if err := o.check(path); err != nil {
		return err
	}
	added, err := o.add(ctx, s, path)
	if err := warnAdded(s, path, added, err); err != nil {
		return err
	}
	return s.ui.Show(newTimelineAdded(path, added))
}

// warnAdded says what nobody expects of an adding that ended with an error or without,
// which it returns. added is nil if nothing was done.
func warnAdded(s *session, path string, added *timeline.Added, err error) error {
	if added == nil {
		return err
	}
	if added.Cut > 0 {
		s.ui.Warn("%d bytes of a write that was cut off were removed from %s; nothing of it had been said to be added", added.Cut, path)
	}
	if err != nil && added.Count > 0 {
		s.ui.Warn("added before the one that failed: %s", plural(int(added.Count), "event"))
	}
	return err
}

func (o *timelineAddOptions) check(path string) error {
	given := 0
	for _, value := range []string{o.kind, o.events, o.redact} {
		if value != "" {
			given++
		}
	}
	switch {
	case path == "-":
		return fault.New(fault.UsageInvalid, "a timeline is a file, and - is none")
	case given != 1:
		return fault.New(fault.UsageInvalid, "say what is to be added: one of --kind, --events and --redact")
	case o.events != "" && (o.details != "" || o.category.value != ""):
		return fault.New(fault.UsageInvalid, "--details and --category go with --kind: with --events each line says its own")
	case o.kind == timeline.KindRedaction:
		return fault.New(fault.UsageInvalid, "a redaction notice names an event").WithHint("say --redact ID")
	case o.removeContent && o.redact == "":
		return fault.New(fault.UsageInvalid, "--remove-content goes with --redact")
	}
	return nil
}

func (o *timelineAddOptions) add(ctx context.Context, s *session, path string) (*timeline.Added, error) {
	if o.events != "" {
		return o.addAll(ctx, s, path)
	}
	entry := timeline.Entry{
		Category: o.category.value, Kind: o.kind, Tenant: o.tenant, TraceID: cmp.Or(o.traceID, s.traceID()),
	}
	if o.details != "" {
		entry.Details = jsontext.Value(o.details)
	}
	if o.redact == "" {
		if err := categorise(&entry); err != nil {
			return nil, err
		}
		return timeline.Add(ctx, path, s.Now, one(entry))
	}
	id, err := timeline.ParseID(o.redact)
	if err != nil {
		return nil, err
	}
	entry.Kind, entry.Supersedes = timeline.KindRedaction, id
	entry.Category = cmp.Or(entry.Category, timeline.CategoryOf(entry.Kind))
	return timeline.Redact(ctx, path, s.Now, entry, o.removeContent)
}

func one(e timeline.Entry) iter.Seq2[timeline.Entry, error] {
	return func(yield func(timeline.Entry, error) bool) { yield(e, nil) }
}

// categorise gives an entry the category of its kind, unless it has one.
func categorise(e *timeline.Entry) error {
	e.Category = cmp.Or(e.Category, timeline.CategoryOf(e.Kind))
	if e.Category == "" {
		return fault.New(fault.TimelineMalformed, "kind %.100q is none of those that have a category of their own", e.Kind).
			WithHint("say which category it has (--category): %s", strings.Join(timeline.Categories(), ", "))
	}
	if !slices.Contains(timeline.Categories(), e.Category) {
		return fault.New(fault.TimelineMalformed, "unknown category %.100q", e.Category).
			WithHint("it is one of %s", strings.Join(timeline.Categories(), ", "))
	}
	return nil
}

// timelineAdded says what was added.
type timelineAdded struct {
	Timeline string `json:"timeline"`
	Count    uint64 `json:"count"`
	First    string `json:"first,omitempty"` // ids
	Last     string `json:"last,omitempty"`
	Size     uint64 `json:"size"`
	Head     string `json:"head"`

	seq uint64
}

func newTimelineAdded(path string, added *timeline.Added) *timelineAdded {
	r := &timelineAdded{Timeline: path, Count: added.Count, Size: added.Head.Size, Head: added.Head.Hash.String(), seq: added.First.Seq}
	if added.Count > 0 {
		r.First, r.Last = added.First.ID.String(), added.Last.ID.String()
	}
	return r
}

// Text implements ui.Result.
func (r *timelineAdded) Text(p *ui.Printer) {
	what := fmt.Sprintf("added event %d", r.seq)
	switch r.Count {
	case 0:
		what = "added no event"
	case 1:
	default:
		what = fmt.Sprintf("added events %d to %d", r.seq, r.Size)
	}
	p.Status(ui.Passed, ui.T(what))
	pairs := []ui.Pair{ui.P("timeline", ui.T(r.Timeline))}
	if r.Count > 0 {
		pairs = append(pairs, ui.P("id", ui.T(r.Last)))
	}
	if r.Size > 0 {
		pairs = append(pairs, ui.P("head", p.Digest("sha256:"+r.Head)))
	}
	p.Pairs(pairs...)
}
