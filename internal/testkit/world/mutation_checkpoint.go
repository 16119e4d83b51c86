package world

import (
	"strings"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
)

// checkpointMutations are about the signed tree head of Rekor version 1.
func checkpointMutations() []Mutation {
	return []Mutation{
		{
			Name: "checkpoint-missing", Refused: "nobody signed the root of the tree",
			change: inProof(func(p *rekorpb.InclusionProof) { p.Checkpoint = nil }),
		},
		{
			Name: "checkpoint-empty", Refused: "nobody signed the root of the tree",
			change: checkpointText(func(string) string { return "" }),
		},
		{
			Name: "checkpoint-garbage", Refused: "the checkpoint is not a signed note",
			change: checkpointText(func(string) string { return "no checkpoint" }),
		},
		{
			Name: "checkpoint-unsigned", Refused: "the checkpoint has no signature",
			change: checkpointText(func(c string) string { return c[:strings.Index(c, "\n\n")+2] }),
		},
		{
			Name: "checkpoint-signature-wrong", Refused: "the checkpoint's signature does not verify",
			// The last but one base64 letter before padding and line end.
			change: checkpointText(func(c string) string { return swapLetter(c, len(c)-8) }),
		},
		{
			Name: "checkpoint-altered", Refused: "the checkpoint's text is another than was signed",
			change: checkpointText(func(c string) string { return strings.Replace(c, "Timestamp: ", "Timestamp: 1", 1) }),
		},
		{
			Name: "checkpoint-by-other-key", Refused: "another key signed the checkpoint",
			change: checkpointBy(func(w *World, where place) string { return w.Stranger().Rekor.checkpoint(where, w.Clock.Now()) }),
		},
		{
			Name: "checkpoint-hint-wrong", Refused: "the signature is the log's, its key hint another's",
			change: checkpointBy(func(w *World, where place) string {
				key := ecdsaNoteKey(w.Rekor.host, w.Rekor.key)
				key.hint++
				return signNote(checkpoint(w.Rekor.checkpointOrigin(), where), key)
			}),
		},
		{
			Name: "checkpoint-of-other-root", Refused: "the log signed another root than the proof's",
			change: checkpointBy(func(w *World, where place) string {
				where.root = flipped(where.root, 0)
				return w.Rekor.checkpoint(where, w.Clock.Now())
			}),
		},
		{
			Name: "checkpoint-of-other-size", Refused: "the log signed another size than the proof's",
			Accepted: "of Rekor version 1 it compares the root alone",
			change: checkpointBy(func(w *World, where place) string {
				where.size++
				return w.Rekor.checkpoint(where, w.Clock.Now())
			}),
		},
		{
			Name: "checkpoint-of-other-origin", Refused: "the tree head is of another log that has the same key",
			Accepted: "of Rekor version 1 it does not compare the origin",
			change: checkpointBy(func(w *World, where place) string {
				text := checkpoint("rekor.evil.test - 1", where)
				return signNote(text, ecdsaNoteKey("rekor.evil.test", w.Rekor.key))
			}),
		},
		{
			Name: "checkpoint-of-other-plain-origin", Refused: "the tree head is of another log that has the same key, and names no tree",
			change: checkpointBy(func(w *World, where place) string {
				return signNote(checkpoint("rekor.evil.test", where), ecdsaNoteKey("rekor.evil.test", w.Rekor.key))
			}),
		},
		{
			Name: "checkpoint-without-root", Refused: "the checkpoint has no root",
			change: checkpointBy(func(w *World, _ place) string {
				return signNote(w.Rekor.checkpointOrigin()+"\n12\n", ecdsaNoteKey(w.Rekor.host, w.Rekor.key))
			}),
		},
	}
}

// checkpointText changes the text of the signed checkpoint.
func checkpointText(f func(string) string) change {
	return inProof(func(p *rekorpb.InclusionProof) { p.Checkpoint.Envelope = f(p.Checkpoint.Envelope) })
}

// checkpointBy makes another checkpoint for the tree of the proof.
func checkpointBy(f func(*World, place) string) change {
	return inEntry(func(w *World, e *rekorpb.TransparencyLogEntry) {
		p := e.InclusionProof
		p.Checkpoint.Envelope = f(w, place{size: p.TreeSize, root: p.RootHash})
	})
}

// swapLetter replaces the letter at a place by another of the base64 alphabet.
func swapLetter(s string, at int) string {
	letter := "A"
	if s[at] == 'A' {
		letter = "B"
	}
	return s[:at] + letter + s[at+1:]
}
