package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"
	"fmt"
	"math/bits"
	"strings"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// manifest is manifest.json, all of it.
type manifest struct {
	forensic.Manifest
	Entries []forensic.Entry `json:"entries"`
}

func (w *work) manifest() *manifest {
	m := &manifest{}
	if err := json.Unmarshal([]byte(w.content(forensic.ManifestName)), m); err != nil {
		w.fail("%s: %w", forensic.ManifestName, err)
	}
	return m
}

// settle has manifest, checksums and root say what the members are now, so that nothing
// contradicts them but the signature.
func (w *work) settle() {
	m := w.manifest()
	listed := make(map[string]forensic.Entry)
	for _, e := range m.Entries {
		listed[e.Path] = e
	}
	m.Entries = nil
	for _, x := range w.entries() {
		e := listed[x.name] // with its own name, if it has one
		e.Section, _, _ = strings.Cut(x.name, "/")
		if old := listed[x.name].Section; old != "" {
			e.Section = old
		}
		e.Path, e.SHA256, e.Size = x.name, sum(x.content), int64(len(x.content))
		m.Entries = append(m.Entries, e)
		if x.name == timelineFile && m.Timeline != nil {
			m.Timeline.Events, m.Timeline.Head = head(x.content)
		}
	}
	leaves := make([]string, 0, len(m.Entries))
	for _, e := range m.Entries {
		leaves = append(leaves, e.SHA256+"  "+e.Path+"\n")
	}
	root := treeHash(leaves)
	m.HashSummary.MerkleRoot = hex.EncodeToString(root[:])
	text, err := json.Marshal(m, json.Deterministic(true))
	if err != nil {
		w.fail("%s: %w", forensic.ManifestName, err)
	}
	w.edit(forensic.ManifestName, func(string) string { return string(text) })
	w.edit(forensic.ChecksumsName, func(string) string {
		return "# root " + m.HashSummary.MerkleRoot + "\n" + strings.Join(leaves, "")
	})
}

// entries are the members that the manifest lists.
func (w *work) entries() members {
	var out members
	for _, x := range w.members {
		if x.name != forensic.ManifestName && x.name != forensic.SignatureName && x.name != forensic.ChecksumsName {
			out = append(out, x)
		}
	}
	return out
}

func sum(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

// treeHash is the Merkle Tree Hash of RFC 6962, section 2.1, over at least one leaf.
func treeHash(leaves []string) [sha256.Size]byte {
	if len(leaves) == 1 {
		return sha256.Sum256([]byte("\x00" + leaves[0]))
	}
	k := 1 << (bits.Len(uint(len(leaves)-1)) - 1) // the largest power of two that is smaller
	left, right := treeHash(leaves[:k]), treeHash(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// statement is what is to be signed about the manifest as it is.
func (w *work) statement(predicateType string) dsse.Message {
	m := w.manifest()
	p := forensic.Predicate{
		BundleID: m.BundleID, Case: m.Case, CreatedAt: m.CreatedAt, Entries: uint64(len(m.Entries)), Timeline: m.Timeline,
		Merkle: forensic.Merkle{Recipe: m.HashSummary.MerkleRecipe, Root: m.HashSummary.MerkleRoot},
	}
	for _, e := range m.Entries {
		p.Size += e.Size
	}
	text, err := json.Marshal(p)
	if err != nil {
		w.fail("predicate: %w", err)
	}
	subject := intoto.Subject{Name: forensic.ManifestName, Digest: map[string]string{"sha256": sum(w.content(forensic.ManifestName))}}
	message, err := intoto.NewMessage(predicateType, []intoto.Subject{subject}, dsse.Bytes(text))
	if err != nil {
		w.fail("statement: %w", err)
	}
	return message
}

// sign puts a signature over the manifest as it is in place of the one that is there.
func (w *work) sign(key, predicateType string) {
	message, signer := w.statement(predicateType), w.key(key)
	if w.err != nil {
		return
	}
	var b bytes.Buffer
	if _, err := bundle.WriteEnvelope(context.Background(), &b, message, signer); err != nil {
		w.fail("sign: %w", err)
	}
	w.edit(forensic.SignatureName, func(string) string { return b.String() })
}

// key is one of those that somebody has.
func (w *work) key(name string) dsse.Signer {
	signer, ok := w.keys[name]
	if !ok {
		w.fail("there is no %s.key among what was stolen", name)
	}
	return signer
}

// reseal is what somebody does who can sign snapshots: all of it is as it should be but
// what was done before.
func (w *work) reseal(key string) {
	w.settle()
	w.sign(key, forensic.PredicateType)
}
