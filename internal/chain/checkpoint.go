package chain

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/stellaops/stella/internal/fault"
)

// MaxCheckpoint bounds a checkpoint, in bytes.
const MaxCheckpoint = 4 << 10

// Sign returns the signed note over head.
//
// Its text has three lines: the origin, which is the key's name, the number of
// records, and the hash of the last one in base64. It looks like a checkpoint of
// a transparency log (https://c2sp.org/tlog-checkpoint), but the hash is of a
// chain and no Merkle root.
func Sign(key note.Signer, head Head) ([]byte, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n", key.Name(), head.Size, base64.StdEncoding.EncodeToString(head.Hash[:]))
	return note.Sign(&note.Note{Text: text}, key)
}

// Checkpoint is a verified checkpoint.
type Checkpoint struct {
	Origin string
	Head
}

// Open verifies a checkpoint with a verifier key. A signature that does not verify
// has the kind's reason Tampered, anything that is no checkpoint Malformed.
func (k *Kind) Open(text []byte, verifierKey string) (*Checkpoint, error) {
	if len(text) > MaxCheckpoint {
		return nil, fault.New(k.Malformed, "malformed checkpoint: it is over %d bytes", MaxCheckpoint)
	}
	verifier, err := k.verifier(verifierKey)
	if err != nil {
		return nil, err
	}
	n, err := note.Open(text, note.VerifierList(verifier))
	unverified, isUnverified := errors.AsType[*note.UnverifiedNoteError](err)
	invalid, isInvalid := errors.AsType[*note.InvalidSignatureError](err)
	switch {
	case isUnverified:
		return nil, fault.New(k.Tampered, "the checkpoint is signed by %.100q and not by the %s %.100q", signers(unverified.Note), k.Key, verifier.Name())
	case isInvalid:
		return nil, fault.New(k.Tampered, "the checkpoint's signature by %.100q does not verify", invalid.Name)
	case err != nil:
		return nil, fault.New(k.Malformed, "malformed checkpoint: it is no signed note") // in the library's words no more
	}
	return k.parse(n.Text, verifier.Name())
}

// CheckVerifierKey says whether a text is a verifier key, as Open wants one.
func (k *Kind) CheckVerifierKey(text string) error {
	_, err := k.verifier(text)
	return err
}

func (k *Kind) verifier(text string) (note.Verifier, error) {
	v, err := note.NewVerifier(strings.TrimSpace(text))
	if err != nil { // in the library's words, of which none helps
		return nil, fault.New(k.Malformed, "malformed verifier key").WithHint("%s", k.PublicKeyHint)
	}
	return v, nil
}

func signers(n *note.Note) string {
	var names []string
	for _, s := range n.UnverifiedSigs {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

func (k *Kind) parse(text, origin string) (*Checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 3 || lines[0] != origin {
		return nil, fault.New(k.Malformed, "malformed checkpoint: it is not of three lines that begin with its origin %.100q", origin)
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return nil, fault.New(k.Malformed, "malformed checkpoint: %.40q is not a number of records", lines[1])
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(hash) != len(Hash{}) {
		return nil, fault.New(k.Malformed, "malformed checkpoint: %.80q is not a hash in base64", lines[2])
	}
	return &Checkpoint{Origin: origin, Head: Head{size, Hash(hash)}}, nil
}
