package material

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"

	"github.com/stellaops/stella/internal/fault"
)

// The signature types of C2SP signed-note that a witness's key may name.
const (
	typeEd25519     = 1
	typeCosignature = 4
)

// maxWitnesses bounds the witnesses of one list.
const maxWitnesses = 256

// A witness cosigns the checkpoints of logs that it has seen grow
// (https://c2sp.org/tlog-cosignature, version 1).
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

// Witness says which witness one is. Two are the same if they are equal.
type Witness struct {
	Name string
	Key  string // the 32 bytes of its Ed25519 key
}

// Witnesses returns those that the Root trusts.
func (r *Root) Witnesses() []Witness {
	var out []Witness
	for _, w := range r.witnesses {
		out = append(out, w.public())
	}
	return out
}

func (w *witness) public() Witness { return Witness{w.name, string(w.key)} }

func (w *witness) authority() Authority {
	return Authority{Kind: KindWitness, Name: w.name, ID: fmt.Sprintf("%08x", w.hash)}
}

// ParseWitnesses reads the verifier keys of witnesses, each "NAME+HASH+KEY" as
// C2SP signed-note writes it, of type Ed25519 (1) or cosignature (4). Every
// failure is fault.TrustMalformed.
func ParseWitnesses(keys ...string) (*Root, error) {
	if len(keys) > maxWitnesses {
		return nil, fault.New(fault.TrustMalformed, "there are more than %d witnesses", maxWitnesses)
	}
	r := &Root{}
	for _, k := range keys {
		w, err := parseWitness(k)
		if err != nil {
			return nil, fault.Wrap(fault.TrustMalformed, err, "malformed witness key %.100q", k).
				WithHint("a witness's key is written NAME+HASH+KEY")
		}
		r.witnesses = append(r.witnesses, w)
	}
	return r, nil
}

func parseWitness(s string) (*witness, error) {
	parts := strings.SplitN(s, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("it has not three parts")
	}
	name := parts[0]
	if name == "" || !utf8.ValidString(name) || strings.IndexFunc(name, unicode.IsSpace) >= 0 {
		return nil, errors.New("its name is empty or holds white space")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil || len(parts[1]) != 8 {
		return nil, errors.New("its hash is not eight hex digits")
	}
	key, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != typeEd25519 && key[0] != typeCosignature {
		return nil, errors.New("its key is not an Ed25519 key")
	}
	if keyHash(name, key[0], key[1:]) != uint32(hash) {
		return nil, errors.New("its hash is not that of name and key")
	}
	return &witness{name, keyHash(name, typeCosignature, key[1:]), key[1:]}, nil
}

// keyHash is how a signed note names a key.
func keyHash(name string, kind byte, key []byte) uint32 {
	sum := sha256.Sum256(slices.Concat([]byte(name), []byte{'\n', kind}, key))
	return binary.BigEndian.Uint32(sum[:])
}

// A cosignature is a note.Verifier for one witness at one time.
type cosignature struct {
	*witness
	at time.Time
}

func (c cosignature) Name() string    { return c.name }
func (c cosignature) KeyHash() uint32 { return c.hash }

// Verify checks a timestamped signature that is not from after the time of
// verification.
func (c cosignature) Verify(msg, sig []byte) bool {
	const stamp = 8
	if len(sig) != stamp+ed25519.SignatureSize {
		return false
	}
	t := binary.BigEndian.Uint64(sig)
	if latest := c.at.Add(maxAhead).Unix(); latest < 0 || t > uint64(latest) {
		return false
	}
	return ed25519.Verify(c.key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", t, msg), sig[stamp:])
}

// cosigned returns the witnesses that signed a checkpoint, whose log has been
// verified, each once.
func (r *Root) cosigned(checkpoint string, at time.Time) []Witness {
	var out []Witness
	for _, w := range r.witnesses {
		if slices.Contains(out, w.public()) {
			continue
		}
		if _, err := note.Open([]byte(checkpoint), note.VerifierList(cosignature{w, at})); err == nil {
			out = append(out, w.public())
		}
	}
	return out
}
