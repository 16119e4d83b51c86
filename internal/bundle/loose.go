package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

const (
	// MaxLoose bounds a file that holds nothing but log entries, in bytes.
	MaxLoose = maxMaterial
	// maxLooseEntries bounds the entries in one such file.
	maxLooseEntries = 32
)

// ReadLogEntries reads a file that holds nothing but entries of a transparency log, and
// returns them as a bundle has them: one entry as a bundle or Rekor v2 has it, the answer of
// the programming interface of Rekor v1 (objects by their uuid, or one of them), or what cosign keeps
// of an entry. Text that is none of these is fault.NotEvidence; a malformed entry, fault.LogInvalid.
func ReadLogEntries(text []byte) ([]jsontext.Value, error) {
	if len(text) > MaxLoose {
		return nil, fault.New(fault.InputTooLarge, "log entries have at most %d bytes", MaxLoose)
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, fault.Wrap(fault.NotEvidence, err, "it is no JSON object")
	}
	entries, err := readLogEntries(text, members)
	return entries, asFault(err, fault.LogInvalid, "malformed log entry")
}

func readLogEntries(text []byte, members map[string]jsontext.Value) ([]jsontext.Value, error) {
	has := func(name string) bool { return members[name] != nil }
	switch {
	case has("canonicalizedBody"):
		return []jsontext.Value{text}, nil
	case has("SignedEntryTimestamp"):
		var m Material
		err := whole(text, func(d *strictjson.Decoder) error { return decodeRekorBundle(d, &m) })
		return m.LogEntries, err
	case has("body"):
		entry, err := expressAPI(text, "")
		return []jsontext.Value{entry}, err
	}
	if len(members) == 0 || len(members) > maxLooseEntries {
		return nil, fault.New(fault.NotEvidence, "it holds no entry of a transparency log, or more than %d", maxLooseEntries)
	}
	var out []jsontext.Value
	for _, uuid := range slices.Sorted(maps.Keys(members)) {
		if _, err := hex.DecodeString(uuid); err != nil || len(uuid) < 2*sha256.Size {
			return nil, fault.New(fault.NotEvidence, "it holds no entry of a transparency log")
		}
		entry, err := expressAPI(members[uuid], uuid)
		if err != nil {
			return nil, err
		}
		out = append(out, entry)
	}
	return out, nil
}

// apiEntry is an entry as Rekor v1 serves it (rekor, openapi.yaml, LogEntry).
type apiEntry struct {
	Body           []byte `json:"body"`
	IntegratedTime int64  `json:"integratedTime"`
	LogID          string `json:"logID"`
	LogIndex       int64  `json:"logIndex"`
	Verification   struct {
		Promise []byte    `json:"signedEntryTimestamp"`
		Proof   *apiProof `json:"inclusionProof"`
	} `json:"verification"`
}

type apiProof struct {
	Checkpoint string   `json:"checkpoint"`
	Hashes     []string `json:"hashes"`
	LogIndex   int64    `json:"logIndex"`
	RootHash   string   `json:"rootHash"`
	TreeSize   int64    `json:"treeSize"`
}

// expressAPI returns an entry of Rekor v1 as a bundle has it. Its uuid ends in the hash of
// the leaf that the entry is (RFC 6962, section 2.1).
func expressAPI(raw jsontext.Value, uuid string) (jsontext.Value, error) {
	var e apiEntry
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, err
	}
	leaf := sha256.Sum256(append([]byte{0}, e.Body...))
	if uuid != "" && !strings.HasSuffix(uuid, hex.EncodeToString(leaf[:])) {
		return nil, errors.New("its uuid is not that of its body")
	}
	entry := rekorEntry{e.Verification.Promise, e.Body, e.LogID, e.LogIndex, e.IntegratedTime}
	if p := e.Verification.Proof; p != nil {
		proof, err := p.express()
		if err != nil {
			return nil, err
		}
		return entry.expressWith(proof)
	}
	return entry.express()
}

// express returns the proof as a bundle has it (sigstore_rekor.proto, InclusionProof).
func (p *apiProof) express() (*LogProof, error) {
	hashes := make([][]byte, len(p.Hashes))
	root, err := hex.DecodeString(p.RootHash)
	for i := range hashes {
		var e error
		hashes[i], e = hex.DecodeString(p.Hashes[i])
		err = errors.Join(err, e)
	}
	if err != nil {
		return nil, fmt.Errorf("a hash is not hex: %w", err)
	}
	return &LogProof{
		Checkpoint: LogCheckpoint{p.Checkpoint}, Hashes: hashes, LogIndex: Int64(p.LogIndex), RootHash: root, TreeSize: Int64(p.TreeSize),
	}, nil
}

// Timestamps returns RFC 3161 responses in DER as a bundle has them.
func Timestamps(responses ...[]byte) jsontext.Value { return encodeTimestamps(responses) }

// asResponse returns a time stamp token as the response that grants it (RFC 3161, section
// 2.4.2), and a response as it is.
func asResponse(der []byte) []byte {
	var token struct {
		Kind    asn1.ObjectIdentifier
		Content asn1.RawValue
	}
	if rest, err := asn1.Unmarshal(der, &token); err != nil || len(rest) > 0 {
		return der
	}
	granted := []byte{0x30, 3, 2, 1, 0} // PKIStatusInfo: granted
	response, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: bytes.Join([][]byte{granted, der}, nil)})
	if err != nil {
		return der // not reached
	}
	return response
}
