package audit

import (
	"bytes"
	"encoding/json/v2"
	"errors"
	"fmt"

	"github.com/stellaops/stella/internal/chain"
)

// parseRecord reads a line, which ends in its line feed. It takes exactly what
// appendRecord writes: a line that says the same in other bytes is refused.
func parseRecord(line []byte) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal(line, r, json.RejectUnknownMembers(true)); err != nil {
		return nil, errors.New("it is no record of an audit log")
	}
	switch prev, err := chain.ParseHash(r.Prev); {
	case r.V != Version:
		return nil, fmt.Errorf("it has the format version %d, and this stella reads %d", r.V, Version)
	case err != nil:
		return nil, errors.New("its hash of the record before is malformed")
	case !r.Decision.known():
		return nil, fmt.Errorf("its decision %.40q is unknown", r.Decision)
	case r.Seq == 0 || r.SubjectCount < 0:
		return nil, errors.New("a number in it is out of range")
	case !bytes.Equal(appendRecord(nil, r, prev), line):
		return nil, errors.New("it is not written as this version writes records")
	}
	return r, nil
}

// link reads of a line only what the chain is made of.
func link(line []byte) (seq uint64, prev Hash, ok bool) {
	if len(line) < len(lineBegin)+tailSize || string(line[:len(lineBegin)]) != lineBegin {
		return 0, Hash{}, false
	}
	for _, c := range line[len(lineBegin):] {
		if c-'0' > 9 {
			break
		}
		seq = seq*10 + uint64(c-'0')
	}
	tail := line[len(line)-tailSize:]
	if string(tail[:len(prevMember)]) != prevMember || string(tail[len(tail)-len(lineEnd):]) != lineEnd {
		return 0, Hash{}, false
	}
	prev, err := chain.ParseHash(string(tail[len(prevMember) : len(prevMember)+chain.HexSize]))
	return seq, prev, err == nil && seq > 0
}
