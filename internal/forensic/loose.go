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
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// maxLoose bounds the proofs in files of their own that are judged.
const maxLoose = 1 << 16

// looseProofs are log entries, checkpoints and time stamps that lie in files of their own.
// They are read before any evidence is judged; then each is asked for by the signature that it says to be about.
type looseProofs struct {
	list  []looseProof
	about map[string][]int32 // indices in list, by what a proof is about
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

// unestablished is a finding on something that proves nothing, and is no failure.
func unestablished(why string) verify.Check {
	return verify.Check{Name: checkProof, Status: verify.NotDemanded, Message: "not established: " + why}
}

// read takes in a member of transparency/ or timestamps/. What is no proof is given back to
// be read as evidence.
func (l *looseProofs) read(m *archive.Member, content io.Reader) (rest io.Reader, err error) {
	switch {
	case len(l.list) >= maxLoose:
		l.more++
		return nil, nil
	case m.Size > bundle.MaxLoose:
		l.add(looseProof{path: m.Name, shape: "file", check: unestablished("it is larger than any proof, and was not looked at")})
		return nil, nil
	}
	text, err := io.ReadAll(content)
	switch {
	case err != nil:
		return nil, nil // of reading: whoever reads on meets it again
	case bundle.LooksLikeEvidence(m.Name):
		return bytes.NewReader(text), nil
	case sectionOf(m.Name) == sectionTimestamps:
		return nil, l.timestamp(m.Name, text)
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

// addAbout is add for a proof about something, by which it is found again.
func (l *looseProofs) addAbout(p looseProof, key string, text []byte) {
	if l.about == nil {
		l.about = make(map[string][]int32)
	}
	l.about[key] = append(l.about[key], int32(len(l.list)))
	l.add(p, text...)
}

func (l *looseProofs) timestamp(path string, text []byte) error {
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
			return nil
		}
	}
	p.kind, p.check = "", unestablished("it is no time stamp")
	switch {
	case strings.HasSuffix(path, ".tsq"):
		p.shape, p.check = "time stamp request", unestablished("a request proves nothing")
	case strings.HasSuffix(path, ".tsr"), strings.HasSuffix(path, ".tst"):
		p.check = verify.FailedCheck(checkProof, fault.Wrap(fault.TimestampInvalid, err, ""))
	}
	l.add(p)
	return nil
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
