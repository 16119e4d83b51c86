// Package timeline keeps the timeline of a case: an append-only file of events, one
// JSON line each, that shows by itself when an event was edited, removed, moved,
// added in between or dated back. With a checkpoint that was kept elsewhere it also
// shows that its end was cut off or that it was written anew.
//
// A line has its members in one order:
//
//	{"v":1,"seq":…,"event_id":"…","timestamp":"…","tenant":"…","category":"…","kind":"…",
//	 "trace_id":"…","supersedes":"…","details_sha256":"…","prev":"…","details":{…},"salt":"…"}
//
// The chain runs through what stands before details: the hash of an event is the
// SHA-256 of its line, with its line feed, without details and salt. Those two are
// committed to by details_sha256, the SHA-256 of {"details":…,"salt":"…"}. So the
// content of an event can be taken away and the chain still verifies, while its hash
// stays; the salt keeps content from being guessed by its hash.
//
// Content goes only by a compensating event: one of kind redaction_notice that names
// the event in supersedes and repeats the hash of its content. An event without
// content and without such a notice is one that was tampered with.
//
// Beside the timeline FILE lie the files of package chain. The format is described
// field by field in docs/formats/timeline.md.
package timeline
