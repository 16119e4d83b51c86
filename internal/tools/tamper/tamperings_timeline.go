package main

import (
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// ofTimeline is done to the timeline and what lies beside it.
func ofTimeline() []tampering {
	changed := []finding{at(fault.TimelineTampered, timelineFile), at(fault.SnapshotChecksum, timelineFile)}
	events := func(change func([]string) []string) func(*work) {
		return func(w *work) { w.edit(timelineFile, lines(change)) }
	}
	return []tampering{
		{"timeline-bit", "a bit of an event's content is flipped", fault.ExitRejected, changed, func(w *work) { w.edit(timelineFile, swap("shell", "shelm")) }},
		{"timeline-cut", "the last event is gone", fault.ExitRejected, changed, events(func(l []string) []string { return l[:len(l)-1] })},
		{"timeline-half", "the timeline ends in the middle of an event", fault.ExitRejected, changed, func(w *work) {
			w.edit(timelineFile, func(s string) string { return s[:len(s)-40] })
		}},
		{"timeline-hole", "an event in the middle is gone", fault.ExitRejected, changed, events(func(l []string) []string { return slices.Delete(l, 3, 4) })},
		{"timeline-reordered", "two events are exchanged", fault.ExitRejected, changed, events(func(l []string) []string {
			l[3], l[4] = l[4], l[3]
			return l
		})},
		{"timeline-rechained", "an event says something else, and all hashes after it are made to fit", fault.ExitRejected, changed, events(func(l []string) []string {
			l[3] = strings.Replace(l[3], "stop", "pass", 1)
			return chained(l)
		})},
		{"timeline-hole-rechained", "an event is gone, and numbers and hashes are made to fit", fault.ExitRejected, changed, events(func(l []string) []string {
			return chained(slices.Delete(l, 3, 4))
		})},
		{"timeline-forked", "there are two events of one number", fault.ExitRejected, changed, events(func(l []string) []string {
			return append(l, strings.Replace(l[len(l)-1], `"kind":"`, `"kind":"other-`, 1))
		})},
		{"timeline-backwards", "an event is of a time before the one before it, and all hashes are made to fit", fault.ExitRejected, changed, events(func(l []string) []string {
			l[4] = datedLike(l[4], l[0])
			return chained(l)
		})},
		{"timeline-silenced", "the content of an event is taken out without a notice", fault.ExitRejected, changed, func(w *work) {
			w.edit(timelineFile, lines(func(l []string) []string {
				l[3], _, _ = strings.Cut(l[3], `,"details":`)
				l[3] += "}\n"
				return l
			}))
		}},
		{
			"timeline-gone", "the timeline is gone", fault.ExitRejected,
			[]finding{at(fault.SnapshotMissing, timelineFile)},
			func(w *work) { w.remove(timelineFile) },
		},
		{
			"timeline-of-other-case", "timeline, checkpoint and key are those of another case", fault.ExitRejected,
			append(slices.Clone(changed), at(fault.SnapshotChecksum, checkpoint), at(fault.SnapshotChecksum, timelineKey)),
			func(w *work) { w.takeOver(timelineFile, checkpoint, timelineKey) },
		},
		{
			"checkpoint-of-other-case", "the checkpoint is that of another case", fault.ExitRejected,
			[]finding{at(fault.TimelineTampered, checkpoint), at(fault.SnapshotChecksum, checkpoint)},
			func(w *work) { w.takeOver(checkpoint) },
		},
		{
			"checkpoint-edited", "the checkpoint says one event fewer", fault.ExitRejected,
			[]finding{at(fault.TimelineTampered, checkpoint), at(fault.SnapshotChecksum, checkpoint)},
			func(w *work) { w.edit(checkpoint, swap("\n5\n", "\n4\n")) },
		},
		{
			"timeline-key-bit", "a bit of the timeline's key is flipped", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, timelineKey), at(fault.TimelineMalformed, checkpoint)},
			func(w *work) { w.edit(timelineKey, digit(`\+`)) },
		},
	}
}
