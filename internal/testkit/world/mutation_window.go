package world

import (
	"time"

	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// The places of the logs in a world's trusted root.
const (
	placeV1 = iota
	placeV2
)

const asksNoWindow = "it holds a log's window against signed entry timestamps alone"

// logWindowMutations are about logs that were trusted at another time than that of
// an entry which tells none: that of a timestamp, else that of the verification.
func logWindowMutations() []Mutation {
	var out []Mutation
	for _, kind := range []struct {
		name  string
		of    Options
		place int
	}{
		{"v1-proof", Options{Log: LogV1Proof}, placeV1},
		{"v1-proof-by-key", Options{Log: LogV1Proof, Signer: Key, NoTimestamp: true}, placeV1},
		{"v2", Options{Log: LogV2}, placeV2},
		{"v2-message", Options{Log: LogV2, Content: Message}, placeV2},
		{"v2-cosigned", Options{Log: LogV2, Cosignatures: 2}, placeV2},
		{"v2-by-key", Options{Log: LogV2, Signer: Key, NoTimestamp: true}, placeV2},
	} {
		out = append(out,
			Mutation{
				Name: kind.name + "-log-window-over", Refused: "the log was trusted until before the signature", Of: kind.of,
				Accepted: asksNoWindow,
				change:   change{trust: func(w *World, t *trustpb.TrustedRoot) { over(w, t.Tlogs[kind.place]) }},
			},
			Mutation{
				Name: kind.name + "-log-window-not-begun", Refused: "the log was trusted from after the signature", Of: kind.of,
				Accepted: asksNoWindow,
				change:   change{trust: func(w *World, t *trustpb.TrustedRoot) { notBegun(w, t.Tlogs[kind.place]) }},
			},
		)
	}
	return out
}

// over has a log trusted until an hour ago.
func over(w *World, log *trustpb.TransparencyLogInstance) {
	from := log.PublicKey.ValidFor.Start.AsTime()
	log.PublicKey.ValidFor = timeRange(Window{from, w.Clock.Now().Add(-time.Hour)})
}

// notBegun has a log trusted from in an hour on.
func notBegun(w *World, log *trustpb.TransparencyLogInstance) {
	log.PublicKey.ValidFor = timeRange(Window{From: w.Clock.Now().Add(time.Hour)})
}
