package forensic

import (
	"fmt"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/pkg/verify"
)

// judgeTimeline verifies the timeline, whose content is hashed meanwhile. What the
// manifest says of its end anchors it.
func (v *verification) judgeTimeline(r *hashing) error {
	v.timeline = true
	var checkpoints []chain.Compared
	if t := v.manifest.Timeline; t != nil {
		head, err := chain.ParseHash(t.Head)
		if err != nil {
			return err // cannot be: the manifest was checked
		}
		c := &chain.Checkpoint{Head: chain.Head{Size: t.Events, Hash: head}}
		checkpoints = append(checkpoints, chain.NewCompared(c, "the manifest", true))
	}
	if v.checkpoint != nil && v.publicKey != nil {
		c, err := timeline.Kind().Open(v.checkpoint, string(v.publicKey))
		if err != nil {
			if err := v.put(v.result(checkpointName, 0, "checkpoint", verify.FailedCheck(checkTimeline, err))); err != nil {
				return err
			}
		} else {
			checkpoints = append(checkpoints, chain.NewCompared(c, checkpointName, false))
		}
	}
	watch := v.watch(checkpoints)
	report, err := timeline.Verify(v.ctx, r, timeline.Options{Checkpoints: checkpoints, Each: watch.event})
	switch {
	case r.err != nil:
		return v.ctx.Err() // of reading: whoever reads on meets it again
	case err != nil:
		return err
	}
	if err := watch.end(report); err != nil {
		return err
	}
	return v.put(v.result(timelineName, 0, "timeline", timelineChecks(report)...))
}

// timelineMissing fails if the manifest names a timeline and none was met.
func (v *verification) timelineMissing() error {
	t := v.manifest.Timeline
	if t == nil || v.timeline || v.broken {
		return nil
	}
	return v.put(v.result(timelineName, 0, "timeline",
		failure(checkTimeline, fault.SnapshotMissing, "the manifest names a timeline of %d events, and it is not in the snapshot", t.Events)))
}

// timelineChecks are the problems of a timeline, each at its place.
func timelineChecks(report *timeline.Report) []verify.Check {
	var checks []verify.Check
	reason := fault.ReasonOf(report.Err())
	for _, p := range report.Problems {
		where := ""
		if p.Line > 0 {
			where = fmt.Sprintf("line %d: ", p.Line)
		}
		checks = append(checks, failure(checkTimeline, reason, "%s%s", where, p.Message))
	}
	if more := report.ProblemCount - len(report.Problems); more > 0 {
		checks = append(checks, failure(checkTimeline, reason, "and %d more problems: stella forensic timeline verify", more))
	}
	if err := report.Whole(); err != nil {
		checks = append(checks, verify.FailedCheck(checkTimeline, err))
	}
	if len(checks) > 0 {
		return checks
	}
	found := fmt.Sprintf("events in one chain: %d", report.Events)
	if report.Anchored() == report.Events {
		found += " that ends as the manifest says"
	} else {
		found += ", tail not anchored"
	}
	return []verify.Check{passed(checkTimeline, found)}
}
