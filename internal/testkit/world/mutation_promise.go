package world

import (
	"time"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// promiseMutations are about Rekor version 1's signed entry timestamp, and the
// time that it proves.
func promiseMutations() []Mutation {
	promised := Options{Version: V01, Log: LogV1Promise, NoTimestamp: true}
	return []Mutation{
		{
			Name: "set-wrong", Refused: "the signed entry timestamp does not verify", Of: promised,
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) {
				e.InclusionPromise.SignedEntryTimestamp = flipped(e.InclusionPromise.SignedEntryTimestamp, 0)
			}),
		},
		{
			Name: "set-wrong-beside-proof", Refused: "the signed entry timestamp does not verify, whatever the proof says",
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) {
				e.InclusionPromise.SignedEntryTimestamp = flipped(e.InclusionPromise.SignedEntryTimestamp, 0)
			}),
		},
		{
			Name: "set-of-other-log", Refused: "another log signed the entry's time", Of: promised,
			change: inEntry(func(w *World, e *rekorpb.TransparencyLogEntry) { w.Stranger().Rekor.promise(e) }),
		},
		{
			Name: "set-missing", Refused: "version 0.1 demands the signed entry timestamp",
			Of:     Options{Version: V01},
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.InclusionPromise = nil }),
		},
		{
			Name: "set-empty", Refused: "the signed entry timestamp has no bytes", Of: promised,
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) {
				e.InclusionPromise = &rekorpb.InclusionPromise{}
			}),
		},
		{
			Name: "set-time-altered", Refused: "the time is another than was signed", Of: promised,
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.IntegratedTime-- }),
		},
		{
			Name: "set-index-altered", Refused: "the index is another than was signed", Of: promised,
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.LogIndex++ }),
		},
		{
			Name: "set-body-altered", Refused: "the entry is another than was signed", Of: promised,
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) {
				e.CanonicalizedBody = append(e.CanonicalizedBody, ' ')
			}),
		},
		{
			Name: "time-without-set", Refused: "a time that nobody signed proves nothing, and no other time is there",
			Of:     Options{NoTimestamp: true},
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.InclusionPromise = nil }),
		},
		{
			Name: "log-time-before-certificate", Refused: "the entry is older than the certificate",
			change: promisedAt(func(t time.Time) time.Time { return t.Add(-time.Minute) }),
		},
		{
			Name: "log-time-after-certificate", Refused: "the entry is younger than the certificate's end",
			change: promisedAt(func(t time.Time) time.Time { return t.Add(time.Hour) }),
		},
		{
			Name: "log-time-none", Refused: "the log signed that it knows no time, and no other time is there", Of: promised,
			change: promisedAt(func(time.Time) time.Time { return time.Unix(0, 0) }),
		},
		{
			Name: "log-time-negative", Refused: "the log signed a time before 1970", Of: promised,
			change: promisedAt(func(time.Time) time.Time { return time.Unix(-1, 0) }),
		},
		{
			Name: "log-time-in-future", Refused: "the signature was logged after the time at which it is judged", Of: promised,
			Accepted: "it asks no clock",
			change:   change{making: func(w *World, o *Options) { o.SignedAt = w.Clock.Now().AddDate(0, 0, 1) }},
		},
		{
			Name: "log-window-over", Refused: "the log was trusted until before the entry", Of: promised,
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.Tlogs[0].PublicKey.ValidFor = timeRange(Window{w.Rekor.Valid.From, w.Clock.Now().Add(-time.Hour)})
			}},
		},
		{
			Name: "log-window-not-begun", Refused: "the log was trusted from after the entry", Of: promised,
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.Tlogs[0].PublicKey.ValidFor = timeRange(Window{w.Clock.Now().Add(time.Hour), w.Rekor.Valid.Until})
			}},
		},
	}
}

// promisedAt has the log sign another time for the entry.
func promisedAt(f func(time.Time) time.Time) change {
	return inEntry(func(w *World, e *rekorpb.TransparencyLogEntry) {
		e.IntegratedTime = f(time.Unix(e.IntegratedTime, 0)).Unix()
		w.Rekor.promise(e)
	})
}
