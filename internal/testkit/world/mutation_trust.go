package world

import (
	"time"

	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// trustMutations are about the trusted root; those of one log or authority stand
// with what they vouch for.
func trustMutations() []Mutation {
	return []Mutation{
		{
			Name: "ca-window-over", Refused: "the authority was trusted until before the signature",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.CertificateAuthorities[0].ValidFor = timeRange(Window{w.Fulcio.Valid.From, w.Clock.Now().Add(-time.Hour)})
			}},
		},
		{
			Name: "ca-window-not-begun", Refused: "the authority was trusted from after the signature",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.CertificateAuthorities[0].ValidFor = timeRange(Window{w.Clock.Now().Add(time.Hour), w.Fulcio.Valid.Until})
			}},
		},
		{
			Name: "ca-window-over-when-stamped", Refused: "the authority was trusted when it issued the certificate, and not when that signed", Of: Options{Log: LogV2},
			change: change{
				making: func(w *World, o *Options) {
					o.SignedAt = w.Clock.Now().Add(-5 * time.Minute)
					o.Stamp.At = w.Clock.Now()
				},
				trust: func(w *World, t *trustpb.TrustedRoot) {
					t.CertificateAuthorities[0].ValidFor = timeRange(Window{w.Fulcio.Valid.From, w.Clock.Now().Add(-2 * time.Minute)})
				},
			},
		},
		{
			Name: "ca-window-not-begun-when-logged", Refused: "the authority was trusted when the signature was stamped, and not when it was logged",
			Accepted: "where timestamps are demanded it looks at no other time",
			change: change{
				making: func(w *World, o *Options) {
					o.SignedAt = w.Clock.Now().Add(-5 * time.Minute)
					o.Stamp.At = w.Clock.Now()
				},
				trust: func(w *World, t *trustpb.TrustedRoot) {
					t.CertificateAuthorities[0].ValidFor = timeRange(Window{w.Clock.Now().Add(-2 * time.Minute), w.Fulcio.Valid.Until})
				},
			},
		},
		{
			Name: "ca-not-trusted", Refused: "no authority is trusted",
			change: change{trust: func(_ *World, t *trustpb.TrustedRoot) { t.CertificateAuthorities = nil }},
		},
		{
			Name: "ca-without-intermediate", Refused: "the chain to the trusted root has a gap",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.CertificateAuthorities[0].CertChain = chainOf(w.Fulcio.Chain()[1:])
			}},
		},
		{
			Name: "ca-chain-empty", Refused: "the trusted authority has no certificate",
			change: change{trust: func(_ *World, t *trustpb.TrustedRoot) {
				t.CertificateAuthorities[0].CertChain = chainOf(nil)
			}},
		},
		{
			Name: "log-not-trusted", Refused: "no log is trusted",
			change: change{trust: func(_ *World, t *trustpb.TrustedRoot) { t.Tlogs = nil }},
		},
		{
			Name: "log-other-key", Refused: "the log of that id has another key",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.Tlogs[0].PublicKey.RawBytes = spki(w.Stranger().Rekor.key.Public())
			}},
		},
		{
			Name: "log-two-keys", Refused: "two keys stand for one log: the trusted root contradicts itself",
			Accepted: "the entry that stands last counts",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				other := w.Stranger().Rekor
				twin := logInstance(other.URL, keyID(w.Rekor.key.Public()), ecdsaKey(spki(other.key.Public())), other.Valid)
				t.Tlogs = append([]*trustpb.TransparencyLogInstance{twin}, t.Tlogs...)
			}},
		},
		{
			Name: "log-key-garbage", Refused: "the trusted log's key is not DER",
			change: change{trust: func(_ *World, t *trustpb.TrustedRoot) { t.Tlogs[0].PublicKey.RawBytes = []byte("no key") }},
		},
		{
			Name: "log-without-window", Refused: "nobody knows when the log was trusted",
			change: change{trust: func(_ *World, t *trustpb.TrustedRoot) { t.Tlogs[0].PublicKey.ValidFor = nil }},
		},
		{
			Name: "trust-version-unknown", Refused: "nobody knows what this version of trusted root says",
			change: change{trust: func(_ *World, t *trustpb.TrustedRoot) {
				t.MediaType = "application/vnd.dev.sigstore.trustedroot.v99.9+json"
			}},
		},
		{
			Name: "trust-of-stranger", Refused: "another world is trusted; it looks the same",
			change: change{evidence: func(w *World, e *Evidence) { e.TrustedRoot = w.Stranger().TrustedRoot() }},
		},
		{
			Name: "trust-garbage", Refused: "the trusted root is not JSON",
			change: change{evidence: func(_ *World, e *Evidence) { e.TrustedRoot = []byte("no root") }},
		},
	}
}
