package material

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/stellaops/stella/internal/fault"
)

// CheckInclusion checks what a log entry proves by itself, whoever keeps the log: that
// the entry, through its proof, leads to the root of the checkpoint beside it (RFC
// 6962, section 2.1.1). It does not verify who signed the checkpoint, nor what the entry is
// about. An error has reason fault.LogInvalid.
func CheckInclusion(entry jsontext.Value) error {
	j := entryJudge{found: &LogEntry{}}
	err := j.parse(entry)
	if err == nil {
		err = j.included()
	}
	if err != nil {
		return fault.Wrap(fault.LogInvalid, err, "the log entry proves nothing")
	}
	return nil
}

func (j *entryJudge) included() error {
	pb := j.entry.TransparencyLogEntry()
	p := pb.GetInclusionProof()
	switch {
	case p == nil:
		return errors.New("it has no inclusion proof")
	case p.GetLogIndex() < 0, p.GetTreeSize() < 0:
		return errors.New("its index or the size of the tree is negative")
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(pb.GetCanonicalizedBody())
	err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(p.GetLogIndex()), uint64(p.GetTreeSize()), leaf, p.GetHashes(), p.GetRootHash())
	if err != nil {
		return fmt.Errorf("the inclusion proof does not lead to its root: %w", inWords(err))
	}
	return agrees(p)
}
