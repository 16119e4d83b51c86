package forensic

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/json/jsontext"
	"io"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

const (
	// maxLoose bounds the proofs in files of their own that are judged.
	maxLoose = 1 << 16
	// maxAbout bounds those about one signature: that many log entries a bundle may have.
	maxAbout = 32
)

// looseProofs are log entries, checkpoints and time stamps that lie in files of their own.
// They are read before any evidence is judged; then each is asked for by the signature that it says to be about.
type looseProofs struct {
	list  []looseProof
	about map[string][]int32 // indices in list, by what a proof is about
	sizes map[string]int     // of their texts together, in bytes
	more  int                // files that were not looked at
	shelf shelf
	aside *aside
}

// looseProof is one of them.
type looseProof struct {
	path  string
	shape string
	nth   int    // of the entries in its file
	kind  string // of verify.Proof; "" for what is about no signature
	at    span   // of the entry, or the response
	stamp string // the SHA-256 that was stamped, 32 bytes; "" for others
	check verify.Check
}

// checkProof is what became of one of them.
const checkProof = "proof"

// unproven is a finding on a proof that proves nothing, and is no failure.
func unproven(why string) verify.Check { return unestablished(checkProof, why) }

// read takes in a member of transparency/ or timestamps/. What is no proof is given back to
// be read as evidence.
func (l *looseProofs) read(m *archive.Member, content io.Reader) (rest io.Reader, err error) {
	switch {
	case bundle.LooksLikeEvidence(m.Name):
		return content, nil
	case len(l.list) >= maxLoose:
		l.more++
		return content, nil
	case m.Size > bundle.MaxLoose:
		l.add(looseProof{path: m.Name, shape: "file", check: unproven("it is larger than any proof, and was not looked at as one")})
		return content, nil
	}
	text, err := io.ReadAll(content)
	switch {
	case err != nil:
		return nil, nil // of reading: whoever reads on meets it again
	case sectionOf(m.Name) == sectionTimestamps:
		return l.timestamp(m.Name, text)
	case bytes.HasPrefix(text, []byte(tlogProof)):
		return nil, l.tlogProof(m.Name, text)
	case bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")):
		return l.logEntries(m.Name, text)
	}
	l.add(looseProof{path: m.Name, shape: "checkpoint", kind: kindCheckpoint}, text...)
	return nil, nil
}

const (
	// tlogProof begins a proof that names no entry (C2SP tlog-proof).
	tlogProof = "c2sp.org/tlog-proof@"
	// kindCheckpoint is the kind of a checkpoint, beside those of verify.Proof.
	kindCheckpoint = "checkpoint"
)

// add takes in a proof with its text.
func (l *looseProofs) add(p looseProof, text ...byte) {
	if len(text) > 0 {
		at, err := l.shelf.put(bytes.NewReader(text))
		if err != nil {
			p.check = verify.FailedCheck(checkProof, err)
		}
		p.at = at
	}
	l.list = append(l.list, p)
}

// addAbout is add for a proof about something, by which it is found again. All proofs
// about one thing are in memory together.
func (l *looseProofs) addAbout(p looseProof, key string, text []byte) {
	if l.about == nil {
		l.about, l.sizes = make(map[string][]int32), make(map[string]int)
	}
	if len(l.about[key]) == maxAbout || l.sizes[key]+len(text) > bundle.MaxLoose {
		p.kind, p.check = "", unproven("there are more proofs about the same signature than are looked at")
		l.add(p)
		return
	}
	l.about[key] = append(l.about[key], int32(len(l.list)))
	l.sizes[key] += len(text)
	l.add(p, text...)
}

// timestamp takes in what should be a time stamp.
func (l *looseProofs) timestamp(path string, text []byte) (rest io.Reader, err error) {
	p := looseProof{path: path, shape: "time stamp", kind: verify.ProofTimestamp}
	der, err := bundle.ReadTimestamp(input.FromBytes(path, text))
	if err == nil {
		var h crypto.Hash
		var sum []byte
		if h, sum, err = material.Imprint(der); err == nil {
			if h == crypto.SHA256 {
				p.stamp = string(sum)
				l.aside.want(sum)
			}
			l.addAbout(p, stampKey(h, sum), der)
			return nil, nil
		}
	}
	if oci.Interesting(text) && !isStampName(path) {
		return bytes.NewReader(text), nil
	}
	p.kind, p.check = "", unproven("it is no time stamp")
	switch {
	case strings.HasSuffix(path, ".tsq"):
		p.shape, p.check = "time stamp request", unproven("a request proves nothing")
	case isStampName(path):
		p.check = verify.FailedCheck(checkProof, fault.Wrap(fault.TimestampInvalid, err, ""))
	}
	l.add(p)
	return nil, nil
}

// isStampName reports whether a file is called like a time stamp or a request for one.
func isStampName(path string) bool {
	return strings.HasSuffix(path, ".tsr") || strings.HasSuffix(path, ".tst") || strings.HasSuffix(path, ".tsq")
}

func (l *looseProofs) logEntries(path string, text []byte) (rest io.Reader, err error) {
	entries, err := bundle.ReadLogEntries(text)
	p := looseProof{path: path, shape: "log entry", kind: verify.ProofLog}
	switch named := strings.HasSuffix(path, ".logentry.json"); {
	case err == nil:
	case fault.ReasonOf(err) == fault.NotEvidence && !named:
		return bytes.NewReader(text), nil
	default:
		p.kind, p.check = "", verify.FailedCheck(checkProof, fault.Wrap(fault.LogInvalid, err, ""))
		l.add(p)
		return nil, nil
	}
	for i, entry := range entries {
		p.nth = i
		signature, err := material.EntrySignature(entry)
		if err != nil {
			bad := p
			bad.kind, bad.check = "", verify.FailedCheck(checkProof, err)
			l.add(bad)
			continue
		}
		l.addAbout(p, entryKey(signature), entry)
	}
	return nil, nil
}

// tlogProof takes in a proof of which only the checkpoint can be judged.
func (l *looseProofs) tlogProof(path string, text []byte) error {
	_, checkpoint, found := bytes.Cut(text, []byte("\n\n"))
	p := looseProof{path: path, shape: "log proof", kind: kindCheckpoint}
	if !found {
		p.kind, p.check = "", verify.FailedCheck(checkProof, fault.New(fault.LogInvalid, "the proof has no checkpoint"))
	}
	l.add(p, checkpoint...)
	return nil
}

// The keys by which proofs are found.
func entryKey(signature []byte) string {
	sum := sha256.Sum256(signature)
	return "log\x00" + string(sum[:])
}

func stampKey(h crypto.Hash, sum []byte) string { return h.String() + "\x00" + string(sum) }

// find returns the proofs about a signature or an envelope. It implements verify.Policy.Loose,
// and changes nothing.
func (l *looseProofs) find(signature, envelope []byte) []verify.Loose {
	if len(l.about) == 0 {
		return nil
	}
	found := l.about[entryKey(signature)]
	for _, stamped := range [][]byte{signature, envelope} {
		for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			if len(stamped) > 0 {
				found = append(found[:len(found):len(found)], l.about[stampKey(h, digestOf(h, stamped))]...)
			}
		}
	}
	var out []verify.Loose
	for _, i := range found {
		if m, err := l.material(&l.list[i]); err == nil {
			out = append(out, verify.Loose{Place: strconv.Itoa(int(i)), Material: m})
		}
	}
	return out
}

func digestOf(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}

func (l *looseProofs) material(p *looseProof) (bundle.Material, error) {
	text, err := l.shelf.bytes(p.at)
	if p.kind == verify.ProofLog {
		return bundle.Material{LogEntries: []jsontext.Value{text}}, err
	}
	return bundle.Material{Timestamps: bundle.Timestamps(text)}, err
}
