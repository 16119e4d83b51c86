package world

import (
	"time"

	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// sctMutations are about the certificate's signed certificate timestamp.
func sctMutations() []Mutation {
	return []Mutation{
		{
			Name: "sct-missing", Refused: "the certificate has no SCT",
			change: change{making: func(_ *World, o *Options) { o.NoSCT = true }},
		},
		{
			Name: "sct-of-unknown-log", Refused: "no trusted CT log signed the SCT",
			change: change{making: func(w *World, o *Options) { o.deviation.ctLogs = []*CTLog{w.Stranger().CTLog} }},
		},
		{
			Name: "sct-signature-wrong", Refused: "the SCT's signature does not verify",
			change: making(func(d *deviation) { d.sct = func(s []byte) []byte { return flipped(s, 0) } }),
		},
		{
			Name: "sct-of-other-certificate", Refused: "the SCT is of another certificate",
			change: change{making: func(w *World, o *Options) {
				other := w.Fulcio.intermediate.cert // any will do
				sct := w.CTLog.sct(other.RawTBSCertificate, other, o.SignedAt)
				o.deviation.sct = func([]byte) []byte { return sct }
			}},
		},
		{
			Name: "sct-time-altered", Refused: "the SCT's time is another than was signed",
			change: making(func(d *deviation) {
				// The version and the log's id stand before the time.
				d.sct = func(s []byte) []byte { s[40]--; return s }
			}),
		},
		{
			Name: "sct-version-unknown", Refused: "the SCT is of no known version",
			change: making(func(d *deviation) { d.sct = func(s []byte) []byte { s[0] = 1; return s } }),
		},
		{
			Name: "sct-truncated", Refused: "the SCT ends within its signature",
			change: making(func(d *deviation) { d.sct = func(s []byte) []byte { return s[:len(s)-1] } }),
		},
		{
			Name: "sct-twice", Refused: "two SCTs are demanded, and both are of one log",
			change: change{
				making:   func(w *World, o *Options) { o.deviation.ctLogs = []*CTLog{w.CTLog, w.CTLog} },
				evidence: func(_ *World, e *Evidence) { e.Demand.SCTs = 2 },
			},
		},
		{
			Name: "ctlog-window-over", Refused: "the CT log was trusted until before the SCT",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.Ctlogs[0].PublicKey.ValidFor = timeRange(Window{w.CTLog.Valid.From, w.Clock.Now().Add(-time.Hour)})
			}},
		},
		{
			Name: "ctlog-window-not-begun", Refused: "the CT log was trusted from after the SCT",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.Ctlogs[0].PublicKey.ValidFor = timeRange(Window{w.Clock.Now().Add(time.Hour), w.CTLog.Valid.Until})
			}},
		},
		{
			Name: "ctlog-other-key", Refused: "the CT log of that id has another key",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.Ctlogs[0].PublicKey.RawBytes = spki(w.Stranger().CTLog.key.Public())
			}},
		},
		{
			Name: "ctlog-not-trusted", Refused: "no CT log is trusted",
			change: change{trust: func(_ *World, t *trustpb.TrustedRoot) { t.Ctlogs = nil }},
		},
	}
}
