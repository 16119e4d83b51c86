package material

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"

	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	tilesnote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"
)

// A log is one transparency log with one window: of signatures, or of
// certificates.
type log struct {
	window
	id       string // as it stands in entries, not hex
	name     string
	operator string
	spki     []byte
	lib      *root.TransparencyLog
	verifier signature.Verifier
	note     note.Verifier // of Rekor v2 checkpoints; nil if the log has no origin
}

func flat(logs map[string][]*log) []*log {
	var out []*log
	for _, id := range slices.Sorted(maps.Keys(logs)) {
		out = append(out, logs[id]...)
	}
	return out
}

func (l *log) authority(kind string) Authority {
	return Authority{Kind: kind, Name: l.name, ID: hex.EncodeToString([]byte(l.id)), From: l.from, Until: l.until}
}

// newLog reads one log of a trusted root.
func newLog(in *trustpb.TransparencyLogInstance) (*log, error) {
	if in.GetHashAlgorithm() != commonpb.HashAlgorithm_SHA2_256 {
		return nil, errors.New("hash algorithm is not SHA2_256")
	}
	parsed, err := root.ParseTransparencyLogs([]*trustpb.TransparencyLogInstance{in})
	if err != nil {
		return nil, inWords(err)
	}
	id := in.GetLogId().GetKeyId()
	lib := parsed[hex.EncodeToString(id)]
	l := &log{
		window:   window{lib.ValidityPeriodStart, lib.ValidityPeriodEnd},
		id:       string(id),
		name:     cmp.Or(lib.BaseURL, "log "+hex.EncodeToString(id)),
		operator: in.GetOperator(),
		lib:      lib,
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	if l.spki, err = spki(lib.PublicKey); err != nil {
		return nil, err
	}
	if l.verifier, err = signature.LoadVerifier(lib.PublicKey, lib.SignatureHashFunc); err != nil {
		return nil, err
	}
	return l, l.setOrigin()
}

// setOrigin finds the verifier of the log's checkpoints, and checks that the id
// belongs to the key: it is the SHA-256 of the key (RFC 6962, section 3.2) or,
// for Rekor v2, the C2SP signed-note hash of origin and key.
func (l *log) setOrigin() error {
	sum := sha256.Sum256(l.spki)
	ids := [][]byte{sum[:]}
	if u, err := url.Parse(l.lib.BaseURL); err == nil && u.Hostname() != "" {
		// A host that is no name of a note has no checkpoints: note stays nil.
		if v, err := tilesnote.NewNoteVerifier(u.Hostname(), l.verifier); err == nil {
			l.note = v
		}
		if _, id, err := tilesnote.KeyHash(u.Hostname(), l.lib.PublicKey); err == nil {
			ids = append(ids, id, id[:4])
		}
	}
	if !slices.ContainsFunc(ids, func(id []byte) bool { return bytes.Equal(id, []byte(l.id)) }) {
		return fmt.Errorf("log id %x is not the hash of the log's key", l.id)
	}
	return nil
}

func spki(key crypto.PublicKey) ([]byte, error) { return x509.MarshalPKIXPublicKey(key) }

// sameKey reports whether two public keys are equal.
func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
