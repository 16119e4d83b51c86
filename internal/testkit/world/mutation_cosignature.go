package world

import (
	"time"

	"golang.org/x/mod/sumdb/note"
)

const ignoresWitnesses = "it knows no witnesses"

// cosignatureMutations are about those who witness Rekor version 2.
func cosignatureMutations() []Mutation {
	return []Mutation{
		{
			Name: "cosignatures-too-few", Refused: "three witnesses are demanded, and two cosigned",
			Of: Options{Log: LogV2, Cosignatures: 2}, Accepted: ignoresWitnesses,
			change: change{evidence: func(_ *World, e *Evidence) { e.Demand.Cosignatures = 3 }},
		},
		{
			Name: "cosignature-wrong", Refused: "the cosignature does not verify",
			Of: Options{Log: LogV2, Cosignatures: 1}, Accepted: ignoresWitnesses,
			change: cosigned(func(w *World, at place) []note.Signer {
				key := w.Witnesses[0].cosign(w.Clock.Now())
				right := key.sign
				key.sign = func(text []byte) []byte { return flipped(right(text), 0) }
				return []note.Signer{key}
			}),
		},
		{
			Name: "cosignature-time-altered", Refused: "the cosignature's time is another than was signed",
			Of: Options{Log: LogV2, Cosignatures: 1}, Accepted: ignoresWitnesses,
			change: cosigned(func(w *World, at place) []note.Signer {
				key := w.Witnesses[0].cosign(w.Clock.Now())
				right := key.sign
				key.sign = func(text []byte) []byte { return flipped(right(text), 64) } // the time's last byte
				return []note.Signer{key}
			}),
		},
		{
			Name: "cosignature-of-unknown-witness", Refused: "nobody knows the witness; it looks the same",
			Of: Options{Log: LogV2, Cosignatures: 1}, Accepted: ignoresWitnesses,
			change: cosigned(func(w *World, at place) []note.Signer {
				return []note.Signer{w.Stranger().Witnesses[0].cosign(w.Clock.Now())}
			}),
		},
		{
			Name: "cosignature-of-other-checkpoint", Refused: "the witness saw another checkpoint",
			Of: Options{Log: LogV2, Cosignatures: 1}, Accepted: ignoresWitnesses,
			change: cosigned(func(w *World, at place) []note.Signer {
				key := w.Witnesses[0].cosign(w.Clock.Now())
				right, other := key.sign, checkpoint(w.RekorV2.origin, place{size: at.size + 1, root: at.root})
				key.sign = func([]byte) []byte { return right([]byte(other)) }
				return []note.Signer{key}
			}),
		},
		{
			Name: "cosignature-twice", Refused: "two witnesses are demanded, and one cosigned twice",
			Of: Options{Log: LogV2, Cosignatures: 2}, Accepted: ignoresWitnesses,
			change: cosigned(func(w *World, at place) []note.Signer {
				return []note.Signer{w.Witnesses[0].cosign(w.Clock.Now()), w.Witnesses[0].cosign(w.Clock.Now().Add(time.Second))}
			}),
		},
		{
			Name: "cosignature-without-time", Refused: "the cosignature is a plain signature of the text",
			Of: Options{Log: LogV2, Cosignatures: 1}, Accepted: ignoresWitnesses,
			change: cosigned(func(w *World, at place) []note.Signer {
				return []note.Signer{ed25519NoteKey(w.Witnesses[0].Name, w.Witnesses[0].key)}
			}),
		},
	}
}

// cosigned replaces those who sign the checkpoint beside the log.
func cosigned(f func(*World, place) []note.Signer) change {
	return checkpointBy(func(w *World, where place) string {
		keys := append([]note.Signer{ed25519NoteKey(w.RekorV2.origin, w.RekorV2.key)}, f(w, where)...)
		return signNote(checkpoint(w.RekorV2.origin, where), keys...)
	})
}
