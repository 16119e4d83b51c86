package material

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	formats "github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"

	"github.com/stellaops/stella/internal/fault"
)

// What is here tells of material that lies apart from evidence which evidence it may be about.

// EntrySignature returns the signature that a log entry, as it stands in a bundle, says
// to be about. Nothing of it is verified. An error has reason fault.LogInvalid.
func EntrySignature(entry jsontext.Value) ([]byte, error) {
	j := entryJudge{found: &LogEntry{}}
	if err := j.parse(entry); err != nil {
		return nil, fault.Wrap(fault.LogInvalid, err, "the log entry is malformed")
	}
	return j.entry.Signature(), nil
}

// Imprint returns the digest that an RFC 3161 response says to have stamped. Nothing of
// it is verified. An error has reason fault.TimestampInvalid.
func Imprint(der []byte) (crypto.Hash, []byte, error) {
	t, err := parseToken(der)
	if err != nil {
		return 0, nil, fault.Wrap(fault.TimestampInvalid, err, "the time stamp is malformed")
	}
	return t.stamp.HashAlgorithm, t.stamp.HashedMessage, nil
}

// Checkpoint is what became of the checkpoint of a log (C2SP tlog-checkpoint).
type Checkpoint struct {
	// Origin names the log, Size and Hash are those of its tree.
	Origin string
	Size   uint64
	Hash   []byte
	// Authority is the log's name in the Root; empty if it is not trusted.
	Authority string
	// Witnesses are those who cosigned it.
	Witnesses []Witness
	// Err is nil if a log signed it that is trusted at the time of verification: a
	// checkpoint proves no other. Else it wraps ErrNotTrusted, or has reason
	// fault.NotEvidence for what is no checkpoint, or fault.LogInvalid.
	Err error
}

// Checkpoint judges the checkpoint of a log, as it stands in a file of its own.
func (r *Root) Checkpoint(text []byte, at time.Time) Checkpoint {
	var c formats.Checkpoint
	if _, err := c.Unmarshal(text); err != nil {
		return Checkpoint{Err: fault.Wrap(fault.NotEvidence, inWords(err), "it is no checkpoint of a log")}
	}
	out := Checkpoint{Origin: c.Origin, Size: c.Size, Hash: c.Hash}
	l, err := r.signedCheckpoint(text, at)
	switch {
	case err != nil:
		out.Err = err
	case l == nil:
		out.Err = fmt.Errorf("the checkpoint of %.100q is %w", c.Origin, ErrNotTrusted)
	case !l.contains(at):
		out.Err = fmt.Errorf("the checkpoint of %q is %w at %s", l.name, ErrNotTrusted, at.UTC().Format(time.RFC3339))
	default:
		out.Authority, out.Witnesses = l.name, r.cosigned(string(text), at)
	}
	return out
}

// signedCheckpoint returns the log that signed a checkpoint, nil for none: if it has
// several windows, with the one that holds the time of verification.
func (r *Root) signedCheckpoint(text []byte, at time.Time) (*log, error) {
	if r == nil {
		return nil, nil //nolint:nilnil // documented
	}
	origin, v1 := splitOrigin(string(text))
	for _, l := range trustedFirst(flat(r.logs), at) {
		v := l.noteVerifier(v1)
		if v == nil {
			continue
		}
		_, err := note.Open(text, note.VerifierList(v))
		_, unknown := errors.AsType[*note.UnverifiedNoteError](err)
		switch {
		case unknown:
			continue
		case err != nil:
			return nil, fault.Wrap(fault.LogInvalid, inWords(err), "the checkpoint is not what %q signed", l.name)
		case v1:
			return l, l.called(origin)
		case origin != v.Name():
			return nil, fault.New(fault.LogInvalid, "the checkpoint of %.100q is signed by the log %q", origin, l.name)
		}
		return l, nil
	}
	return nil, nil //nolint:nilnil // documented
}

// trustedFirst puts the logs that are trusted at some time before the others.
func trustedFirst(logs []*log, at time.Time) []*log {
	var first, last []*log
	for _, l := range logs {
		if l.contains(at) {
			first = append(first, l)
		} else {
			last = append(last, l)
		}
	}
	return slices.Concat(first, last)
}

// noteVerifier returns what verifies the log's checkpoints; nil if the Root gives no name for
// it, which they are signed under.
func (l *log) noteVerifier(v1 bool) note.Verifier {
	if !v1 {
		return l.note
	}
	u, err := url.Parse(l.lib.BaseURL)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	return noteV1{l, u.Hostname()}
}

// noteV1 verifies the checkpoints of Rekor v1. The hash of its key is the beginning of that of the key in
// DER, and not as C2SP signed-note has it.
type noteV1 struct {
	log  *log
	name string
}

// Name implements note.Verifier.
func (n noteV1) Name() string { return n.name }

// KeyHash implements note.Verifier.
func (n noteV1) KeyHash() uint32 {
	sum := sha256.Sum256(n.log.spki)
	return binary.BigEndian.Uint32(sum[:])
}

// Verify implements note.Verifier.
func (n noteV1) Verify(msg, sig []byte) bool {
	return n.log.verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(msg)) == nil
}
