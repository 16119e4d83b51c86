package world

import (
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/json/v2"
	"fmt"
	"time"

	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
)

// Rekor is a log of version 1: its entries carry a signed time and a proof.
type Rekor struct {
	URL    string
	Valid  Window
	host   string
	treeID int64
	offset int64 // of this tree's entries among those of all the log's trees
	key    *ecdsa.PrivateKey
	tree   *tree
}

func newRekor(s seed, host string, valid Window) *Rekor {
	return &Rekor{
		URL: "https://" + host, Valid: valid, host: host,
		treeID: 2605736670972794746, offset: 4163431, // as the public log had them
		key: s.p256(), tree: newTree(),
	}
}

// add logs an entry and answers as the log does: a signed entry timestamp and a
// proof of inclusion.
func (r *Rekor) add(b body, at time.Time) *rekorpb.TransparencyLogEntry {
	where := r.tree.add(b.json)
	e := &rekorpb.TransparencyLogEntry{
		LogIndex:          r.offset + where.index,
		LogId:             &commonpb.LogId{KeyId: keyID(r.key.Public())},
		KindVersion:       &rekorpb.KindVersion{Kind: b.kind, Version: b.version},
		IntegratedTime:    at.Unix(),
		InclusionProof:    inclusion(where, r.checkpoint(where, at)),
		CanonicalizedBody: b.json,
	}
	r.promise(e)
	return e
}

// checkpoint is the tree head in the form of Rekor version 1, whose origin names
// the tree.
func (r *Rekor) checkpoint(where place, at time.Time) string {
	text := checkpoint(r.checkpointOrigin(), where, fmt.Sprintf("Timestamp: %d", at.UnixNano()))
	return signNote(text, ecdsaNoteKey(r.host, r.key))
}

func (r *Rekor) checkpointOrigin() string { return fmt.Sprintf("%s - %d", r.host, r.treeID) }

// promise signs what an entry says of itself: the signed entry timestamp over
// its canonical JSON.
func (r *Rekor) promise(e *rekorpb.TransparencyLogEntry) {
	payload := must(json.Marshal(setPayload{
		Body: e.CanonicalizedBody, IntegratedTime: e.IntegratedTime,
		LogID: hex.EncodeToString(e.LogId.KeyId), LogIndex: e.LogIndex,
	}))
	e.InclusionPromise = &rekorpb.InclusionPromise{SignedEntryTimestamp: signBytes(r.key, payload)}
}

// setPayload is what a signed entry timestamp covers. Its members are in the
// order of RFC 8785.
type setPayload struct {
	Body           []byte `json:"body"`
	IntegratedTime int64  `json:"integratedTime"`
	LogID          string `json:"logID"`
	LogIndex       int64  `json:"logIndex"`
}

// inclusion is a proof of inclusion up to a signed checkpoint.
func inclusion(where place, checkpoint string) *rekorpb.InclusionProof {
	return &rekorpb.InclusionProof{
		LogIndex: where.index, TreeSize: where.size, RootHash: where.root, Hashes: where.proof,
		Checkpoint: &rekorpb.Checkpoint{Envelope: checkpoint},
	}
}
