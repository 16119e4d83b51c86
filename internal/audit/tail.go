package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/stellaops/stella/internal/chain"
)

// asChain says how a writer reads what is in a log.
func asChain() *chain.Records {
	return &chain.Records{Name: Kind().Record, MaxLine: MaxLine, Begin: lineBegin, Link: func(line []byte) (Head, Hash, bool) {
		seq, prev, ok := link(line)
		return Head{Size: seq, Hash: sha256.Sum256(line)}, prev, ok && bytes.IndexByte(line, 0) < 0
	}}
}

// recovery is the record that takes the place of a torn end.
func recovery(torn []byte) Entry {
	e := aboutLog(fmt.Sprintf("%d bytes of a write that was cut off were removed; no signature of theirs was released", len(torn)))
	sum := sha256.Sum256(torn)
	e.PayloadSHA256 = hex.EncodeToString(sum[:])
	return e
}

// aboutLog is the entry of a record that the log makes about itself.
func aboutLog(note string) Entry {
	return Entry{
		Request: Request{Operation: "audit", Entitlement: "n/a"},
		Outcome: Outcome{Decision: Recovered, Note: note},
	}
}
