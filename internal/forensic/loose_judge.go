package forensic

import (
	"bytes"
	"encoding/hex"
	"encoding/json/v2"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// found takes in what became of proofs against the signatures of a payload. What is
// established by one of them stays so.
func (l *looseProofs) found(r *verify.Result) {
	for i := range r.Loose {
		f := &r.Loose[i]
		n, err := strconv.Atoi(f.Place)
		if err != nil || n >= len(l.list) || f.Proof.Kind != l.list[n].kind {
			continue // of a witness, which the log entry brings with it
		}
		check := &l.list[n].check
		switch got := looseCheck(f); {
		case check.Name == "", got.Status == verify.Passed, got.Status == verify.Failed && check.Status == verify.NotDemanded:
			*check = got
		}
	}
}

func looseCheck(f *verify.LooseFinding) verify.Check {
	at := f.Evidence
	at.File, at.Member = at.Member, ""
	switch p := &f.Proof; {
	case p.Status == verify.Failed:
		return failure(checkProof, p.Reason, "against the signature in %s: %s", at.Place(), p.Message)
	case p.Status != verify.Passed:
		return unproven(p.Message)
	case p.LogIndex != nil:
		return passed(checkProof, fmt.Sprintf("entry %d of the log %s, about the signature in %s", *p.LogIndex, p.Authority, at.Place()))
	default:
		return passed(checkProof, fmt.Sprintf("stamped by %s at %s, over the signature in %s", p.Authority, p.Time.UTC().Format(time.RFC3339), at.Place()))
	}
}

// judge gives a result for each of the proofs, now that all evidence was judged.
func (l *looseProofs) judge(v *verification) error {
	trees := make(map[string]*material.Checkpoint)
	for i := range l.list {
		p := &l.list[i]
		if p.check.Name == "" {
			var err error
			if p.check, err = l.unmet(v, p, trees); err != nil {
				return err
			}
		}
		r := v.result(p.path, 0, p.shape, p.check)
		if p.nth > 0 {
			r.Evidence[0].Part = fmt.Sprintf("entry %d", p.nth+1)
		}
		if err := v.hand(r); err != nil {
			return err
		}
	}
	if l.more == 0 {
		return nil
	}
	why := fmt.Sprintf("%d more files with proofs were not looked at; %d are", l.more, maxLoose)
	return v.hand(v.result("", 0, "proofs", unproven(why)))
}

// unmet judges a proof that is about no signature which was verified.
func (l *looseProofs) unmet(v *verification, p *looseProof, trees map[string]*material.Checkpoint) (verify.Check, error) {
	text, err := l.shelf.bytes(p.at)
	switch {
	case err != nil:
		return verify.Check{}, err
	case v.o.Policy.Root.Empty() && p.kind != verify.ProofLog:
		return unproven("no log and no time stamp authority is trusted"), nil
	case p.kind == kindCheckpoint:
		return l.checkpoint(v, p, text, trees), nil
	case p.kind == verify.ProofTimestamp:
		return l.stampOfEntry(v, p, text)
	}
	var entry struct {
		Proof struct{} `json:"inclusionProof"`
	}
	if bytes.Contains(text, []byte(`"inclusionProof"`)) && json.Unmarshal(text, &entry) == nil {
		if err := material.CheckInclusion(text); err != nil {
			return verify.FailedCheck(checkProof, err), nil
		}
	}
	if v.o.Policy.Root.Empty() {
		return unproven("no log is trusted"), nil
	}
	return unproven("the log entry is about no signature in the snapshot that was verified"), nil
}

// stampOfEntry judges a time stamp that is over no signature: it may be over an entry.
func (l *looseProofs) stampOfEntry(v *verification, p *looseProof, der []byte) (verify.Check, error) {
	content := l.aside.content(hex.EncodeToString([]byte(p.stamp)))
	if content == nil {
		return unproven("the time stamp is over no signature in the snapshot that was verified, and over no entry that was kept to compare"), nil
	}
	var b bytes.Buffer
	if _, err := content.WriteTo(&b); err != nil {
		return verify.Check{}, err
	}
	t := v.o.Policy.Root.Token(der, b.Bytes(), v.o.Policy.At)
	switch {
	case t.Err == nil:
		return passed(checkProof, fmt.Sprintf("stamped by %s at %s, over the entry with sha256:%x", t.Authority, t.Time.UTC().Format(time.RFC3339), p.stamp)), nil
	case errors.Is(t.Err, material.ErrNotTrusted):
		return unproven(t.Err.Error()), nil
	}
	return verify.FailedCheck(checkProof, t.Err), nil
}

// checkpoint judges the checkpoint of a log. Two of one log and size are the same, or the log
// shows different trees to different people.
func (l *looseProofs) checkpoint(v *verification, p *looseProof, text []byte, trees map[string]*material.Checkpoint) verify.Check {
	c := v.o.Policy.Root.Checkpoint(text, v.o.Policy.At)
	switch {
	case errors.Is(c.Err, material.ErrNotTrusted), fault.ReasonOf(c.Err) == fault.NotEvidence:
		return unproven(c.Err.Error())
	case c.Err != nil:
		return verify.FailedCheck(checkProof, c.Err)
	}
	tree := fmt.Sprintf("%s\n%d", c.Origin, c.Size)
	if other := trees[tree]; other == nil {
		trees[tree] = &c
	} else if !bytes.Equal(other.Hash, c.Hash) {
		return failure(checkProof, fault.LogInvalid, "another checkpoint in the snapshot has another root for the log %q at size %d: it shows two trees", c.Origin, c.Size)
	}
	words := fmt.Sprintf("checkpoint of the log %s at size %d", c.Authority, c.Size)
	if n := len(c.Witnesses); n > 0 {
		words += fmt.Sprintf(", cosigned by %d witnesses", n)
	}
	if p.shape == "log proof" {
		return unproven("the proof does not say of which entry it is; it has a " + words)
	}
	return passed(checkProof, words)
}
