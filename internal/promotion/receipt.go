package promotion

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
)

// leafPrefix separates leaves from nodes (RFC 6962, section 2.1).
const leafPrefix = "\x00"

// receiptOf writes a log entry, as a bundle has it, as a receipt. Whether it proves
// anything is for those who verify.
func receiptOf(raw jsontext.Value) (*predicate.Receipt, error) {
	e, err := bundle.ParseLogEntry(raw)
	if err != nil {
		return nil, err
	}
	if len(e.CanonicalizedBody) == 0 {
		return nil, fault.New(fault.LogInvalid, "a log entry has no body")
	}
	leaf := sha256.Sum256(append([]byte(leafPrefix), e.CanonicalizedBody...))
	r := &predicate.Receipt{
		UUID: hex.EncodeToString(leaf[:]), LogIndex: int64(e.LogIndex), LogID: hex.EncodeToString(e.LogID.KeyID),
		Body: base64.StdEncoding.EncodeToString(e.CanonicalizedBody), IntegratedTime: int64(e.IntegratedTime),
	}
	if e.InclusionPromise != nil {
		r.SignedEntryTimestamp = base64.StdEncoding.EncodeToString(e.InclusionPromise.SignedEntryTimestamp)
	}
	if e.InclusionProof == nil {
		return r, nil
	}
	r.InclusionProof, err = receiptProof(e.InclusionProof)
	return r, err
}

func receiptProof(p *bundle.LogProof) (*predicate.InclusionProof, error) {
	index := int64(p.LogIndex)
	out := &predicate.InclusionProof{
		LogIndex: &index, RootHash: hex.EncodeToString(p.RootHash), TreeSize: int64(p.TreeSize), Hashes: []string{},
	}
	for _, h := range p.Hashes {
		out.Hashes = append(out.Hashes, hex.EncodeToString(h))
	}
	var err error
	out.Checkpoint, err = checkpointOf(p.Checkpoint.Envelope)
	return out, err
}

// checkpointOf takes a signed checkpoint apart: origin, size and root in base64 are
// its first lines (https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md).
func checkpointOf(note string) (predicate.LogCheckpoint, error) {
	lines := strings.SplitN(note, "\n", 4)
	if len(lines) < 4 {
		return predicate.LogCheckpoint{}, fault.New(fault.LogInvalid, "malformed checkpoint in a log entry")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, rootErr := base64.StdEncoding.DecodeString(lines[2])
	if err := errors.Join(err, rootErr); err != nil {
		return predicate.LogCheckpoint{}, fault.Wrap(fault.LogInvalid, err, "malformed checkpoint in a log entry")
	}
	return predicate.LogCheckpoint{Origin: lines[0], Size: size, Hash: hex.EncodeToString(root), SignedNote: note}, nil
}

// entryOf is the reverse of receiptOf. A receipt that says the same thing twice, and
// not the same, is refused, and so is one without the entry's body, as others write
// it: of that nobody can say what it is about.
func entryOf(r *predicate.Receipt) (jsontext.Value, error) {
	var e bundle.LogEntry
	var err error
	if e.CanonicalizedBody, err = base64.StdEncoding.Strict().DecodeString(r.Body); err != nil || r.Body == "" {
		return nil, fault.New(fault.LogInvalid, "the receipt has no body of the log entry, so it proves nothing about an attestation")
	}
	leaf := sha256.Sum256(append([]byte(leafPrefix), e.CanonicalizedBody...))
	if !strings.HasSuffix(r.UUID, hex.EncodeToString(leaf[:])) {
		return nil, fault.New(fault.LogInvalid, "the receipt's uuid is not that of its body")
	}
	var kind struct {
		Kind    string `json:"kind"`
		Version string `json:"apiVersion"`
	}
	if err := json.Unmarshal(e.CanonicalizedBody, &kind); err != nil {
		return nil, fault.Wrap(fault.LogInvalid, err, "malformed body of a log entry")
	}
	e.KindVersion = bundle.LogKind{Kind: kind.Kind, Version: kind.Version}
	e.LogIndex, e.IntegratedTime = bundle.Int64(r.LogIndex), bundle.Int64(r.IntegratedTime)
	if e.LogID.KeyID, err = hex.DecodeString(r.LogID); err != nil {
		return nil, fault.New(fault.LogInvalid, "the receipt's logId is not hex")
	}
	if err := addProofs(&e, r); err != nil {
		return nil, err
	}
	return json.Marshal(e)
}

// addProofs takes promise and proof from a receipt.
func addProofs(e *bundle.LogEntry, r *predicate.Receipt) error {
	if r.SignedEntryTimestamp != "" {
		set, err := base64.StdEncoding.DecodeString(r.SignedEntryTimestamp)
		if err != nil {
			return fault.New(fault.LogInvalid, "the receipt's signedEntryTimestamp is not base64")
		}
		e.InclusionPromise = &bundle.LogPromise{SignedEntryTimestamp: set}
	}
	if r.InclusionProof == nil {
		return nil
	}
	proof, err := entryProofOf(r.InclusionProof, r.LogIndex)
	e.InclusionProof = proof
	return err
}

// entryProofOf reads an inclusion proof. Without an index of its own that of the entry
// counts.
func entryProofOf(p *predicate.InclusionProof, index int64) (*bundle.LogProof, error) {
	note, err := checkpointOf(p.Checkpoint.SignedNote)
	if err != nil {
		return nil, err
	}
	if note.Origin != p.Checkpoint.Origin || note.Size != p.Checkpoint.Size || note.Hash != p.Checkpoint.Hash {
		return nil, fault.New(fault.LogInvalid, "the receipt's checkpoint is not what its signed note says")
	}
	out := &bundle.LogProof{LogIndex: bundle.Int64(index), TreeSize: bundle.Int64(p.TreeSize)}
	if p.LogIndex != nil {
		out.LogIndex = bundle.Int64(*p.LogIndex)
	}
	if out.RootHash, err = hex.DecodeString(p.RootHash); err != nil {
		return nil, fmt.Errorf("malformed root hash: %w", err)
	}
	for _, text := range p.Hashes {
		h, err := hex.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("malformed hash: %w", err)
		}
		out.Hashes = append(out.Hashes, h)
	}
	out.Checkpoint.Envelope = p.Checkpoint.SignedNote
	return out, nil
}
