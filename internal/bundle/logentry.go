package bundle

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// LogEntry is an entry of a transparency log as a bundle has it (sigstore_rekor.proto,
// TransparencyLogEntry). What is absent is zero: the JSON of protocol buffers leaves
// zeros out.
type LogEntry struct {
	CanonicalizedBody []byte      `json:"canonicalizedBody"`
	InclusionPromise  *LogPromise `json:"inclusionPromise,omitzero"`
	InclusionProof    *LogProof   `json:"inclusionProof,omitzero"`
	IntegratedTime    Int64       `json:"integratedTime,omitzero"` // Unix time in seconds
	KindVersion       LogKind     `json:"kindVersion"`
	LogID             LogID       `json:"logId"`
	LogIndex          Int64       `json:"logIndex"`
}

// LogID names a log by the hash of its key.
type LogID struct {
	KeyID []byte `json:"keyId"`
}

// LogKind is what the body of an entry is.
type LogKind struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

// LogPromise is a log's promise to take the entry in.
type LogPromise struct {
	SignedEntryTimestamp []byte `json:"signedEntryTimestamp"`
}

// LogProof leads from the entry to the root of a checkpoint (InclusionProof).
type LogProof struct {
	Checkpoint LogCheckpoint `json:"checkpoint"`
	Hashes     [][]byte      `json:"hashes"`
	LogIndex   Int64         `json:"logIndex"` // in the tree of the checkpoint
	RootHash   []byte        `json:"rootHash"`
	TreeSize   Int64         `json:"treeSize"`
}

// LogCheckpoint is a signed note.
type LogCheckpoint struct {
	Envelope string `json:"envelope"`
}

// ParseLogEntry reads an entry of Material.LogEntries. It says nothing of what the entry
// proves. The error is log.invalid.
func ParseLogEntry(raw jsontext.Value) (*LogEntry, error) {
	var e LogEntry
	// Protocol buffers read a member by both of its names, as in logIndex and log_index.
	if err := json.Unmarshal(raw, &e, json.MatchCaseInsensitiveNames(true)); err != nil {
		return nil, fault.Wrap(fault.LogInvalid, err, "malformed log entry")
	}
	return &e, nil
}

// Int64 is an int64 of the JSON of protocol buffers, which writes it as a string and
// reads it as a number too.
type Int64 int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *Int64) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = 0
		return nil
	}
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*n = Int64(v)
	return err
}

// MarshalJSON implements json.Marshaler.
func (n Int64) MarshalJSON() ([]byte, error) {
	return []byte(strconv.Quote(strconv.FormatInt(int64(n), 10))), nil
}
