package world

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Signature types of signed notes (C2SP signed-note.md, "Signature types").
const (
	noteEd25519     = 0x01
	noteCosignature = 0x04
)

// A noteKey signs notes under a name. It is a [note.Signer].
type noteKey struct {
	name string
	hint uint32
	sign func(text []byte) []byte
}

var _ note.Signer = noteKey{}

func (k noteKey) Name() string                     { return k.name }
func (k noteKey) KeyHash() uint32                  { return k.hint }
func (k noteKey) Sign(text []byte) ([]byte, error) { return k.sign(text), nil }

// ecdsaNoteKey names its key by the hash of the key alone, as Rekor's notes do.
func ecdsaNoteKey(name string, key *ecdsa.PrivateKey) noteKey {
	return noteKey{name, binary.BigEndian.Uint32(keyID(key.Public())), func(text []byte) []byte {
		return signBytes(key, text)
	}}
}

// ed25519NoteKey is a key of the type that signed-note.md is written for.
func ed25519NoteKey(name string, key ed25519.PrivateKey) noteKey {
	id := noteKeyID(name, noteEd25519, key)
	return noteKey{name, binary.BigEndian.Uint32(id), func(text []byte) []byte {
		return ed25519.Sign(key, text)
	}}
}

// noteKeyID is the whole hash of which a key's hint is the first four bytes.
func noteKeyID(name string, kind byte, key ed25519.PrivateKey) []byte {
	sum := sha256.Sum256(append(append([]byte(name+"\n"), kind), publicBytes(key)...))
	return sum[:]
}

// publicBytes is the public half of a key, as it is encoded in notes.
func publicBytes(key ed25519.PrivateKey) []byte { return key[ed25519.SeedSize:] }

// checkpoint is the text of a signed tree head (C2SP tlog-checkpoint.md), with
// extension lines.
func checkpoint(origin string, at place, extensions ...string) string {
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, at.size, base64.StdEncoding.EncodeToString(at.root))
	for _, line := range extensions {
		text += line + "\n"
	}
	return text
}

// signNote signs a text with keys, in this order.
func signNote(text string, keys ...note.Signer) string {
	return string(must(note.Sign(&note.Note{Text: text}, keys...)))
}

// A Witness says that it saw a log only grow (C2SP tlog-witness.md).
type Witness struct {
	Name string
	key  ed25519.PrivateKey
}

// Verifier is the witness's key in the form that policies name it by
// (C2SP signed-note.md, "Verifier keys"): name, hint, type and key.
func (w *Witness) Verifier() string {
	id := noteKeyID(w.Name, noteCosignature, w.key)
	typed := append([]byte{noteCosignature}, publicBytes(w.key)...)
	return fmt.Sprintf("%s+%x+%s", w.Name, id[:4], base64.StdEncoding.EncodeToString(typed))
}

// cosign is the witness's key at a time: it signs the time with the text, and the
// time stands before the signature (C2SP tlog-cosignature.md).
func (w *Witness) cosign(at time.Time) noteKey {
	id := noteKeyID(w.Name, noteCosignature, w.key)
	return noteKey{w.Name, binary.BigEndian.Uint32(id), func(text []byte) []byte {
		message := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at.Unix(), text)
		stamp := binary.BigEndian.AppendUint64(nil, uint64(at.Unix()))
		return append(stamp, ed25519.Sign(w.key, message)...)
	}}
}
