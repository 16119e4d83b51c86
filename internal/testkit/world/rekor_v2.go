package world

import (
	"crypto/ed25519"
	"time"

	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"golang.org/x/mod/sumdb/note"
)

// RekorV2 is a log of version 2: it tells no time, and its checkpoints are
// signed by witnesses too.
type RekorV2 struct {
	URL    string
	Valid  Window
	origin string
	key    ed25519.PrivateKey
	tree   *tree
}

func newRekorV2(s seed, host string, valid Window) *RekorV2 {
	return &RekorV2{URL: "https://" + host, Valid: valid, origin: host, key: s.ed25519(), tree: newTree()}
}

// id is how bundles and trusted roots name the log: the whole hash of which the
// checkpoint's hint is the beginning.
func (r *RekorV2) id() []byte { return noteKeyID(r.origin, noteEd25519, r.key) }

// add logs an entry and answers with its proof of inclusion, as the log does
// once a checkpoint covers the entry.
func (r *RekorV2) add(b body, at time.Time, witnesses ...*Witness) *rekorpb.TransparencyLogEntry {
	where := r.tree.add(b.json)
	return &rekorpb.TransparencyLogEntry{
		LogIndex:          where.index,
		LogId:             &commonpb.LogId{KeyId: r.id()},
		KindVersion:       &rekorpb.KindVersion{Kind: b.kind, Version: b.version},
		InclusionProof:    inclusion(where, r.checkpoint(where, at, witnesses...)),
		CanonicalizedBody: b.json,
	}
}

// checkpoint is the tree head, signed by the log and by witnesses.
func (r *RekorV2) checkpoint(where place, at time.Time, witnesses ...*Witness) string {
	keys := []note.Signer{ed25519NoteKey(r.origin, r.key)}
	for _, w := range witnesses {
		keys = append(keys, w.cosign(at))
	}
	return signNote(checkpoint(r.origin, where), keys...)
}
