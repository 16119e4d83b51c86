package verify

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// checkTime finds the signing time of every signature, and fails if none has the
// proof of it that is demanded.
func checkTime(j *judgement) error {
	times := j.room.times[:0]
	for i := range j.result.Signers {
		s := &j.result.Signers[i]
		if !s.Verified {
			continue
		}
		s.Counted = true
		var err error
		if s.Proofs, err = j.judgeProofs(s); err != nil {
			return unjudged{err}
		}
		times = append(times, decideTime(s.Proofs, j.policy.At, sourceVerification))
		s.Time = &times[len(times)-1]
	}
	err := j.filter(func(s *Signer) error {
		if want, n := j.demanded(s).Timestamp, distinct(s.Proofs, ProofTimestamp); n < want {
			return j.missing(s, ProofTimestamp, fault.TimestampMissing, "%d of %d demanded time stamp authorities stamped the signature", n, want)
		}
		if j.sigstoreIssued(s) && !s.Time.Proven {
			if err := cmp.Or(failed(s.Proofs, ProofTimestamp), failed(s.Proofs, ProofLog)); err != nil {
				return err
			}
			return fault.New(fault.TimeUnproven, "nothing proves that the signature was made while its certificate was valid").
				WithHint("ask the signer for evidence with a time stamp or a log entry, or give the trusted root that holds its authority")
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !j.anyProven():
		if unread := j.unread(); unread != "" {
			return notDemanded(unprovenTime + "; " + unread)
		}
		return notDemanded(unprovenTime)
	}
	j.found = j.timesUsed()
	return nil
}

// unprovenTime is found where no time is proven, and none is demanded.
const unprovenTime = "nothing proves when the signature was made; it is judged at the time of verification"

// checkLog demands entries in transparency logs, and fails where an entry of a
// trusted log is not what it should be.
func checkLog(j *judgement) error {
	asked := false
	err := j.filter(func(s *Signer) error {
		want := j.demanded(s)
		n, witnesses := distinct(s.Proofs, ProofLog), distinct(s.Proofs, ProofWitness)
		asked = asked || want.Log > 0 || want.Witness > 0 || n > 0
		switch {
		case failed(s.Proofs, ProofLog) != nil:
			return failed(s.Proofs, ProofLog)
		case n < want.Log:
			return j.missing(s, ProofLog, fault.LogMissing, "%d of %d demanded transparency logs hold the signature", n, want.Log)
		case witnesses < want.Witness:
			return j.missing(s, ProofWitness, fault.WitnessMissing, "%d of %d demanded witnesses cosigned the log", witnesses, want.Witness)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !asked:
		return notDemanded("no entry in a transparency log")
	}
	j.found = "held by " + j.authorities(ProofLog)
	return nil
}

// checkSCT demands that certificate transparency logs hold the certificates of
// public authorities.
func checkSCT(j *judgement) error {
	asked := false
	err := j.filter(func(s *Signer) error {
		if !j.sigstoreIssued(s) {
			return nil
		}
		want, n := j.demanded(s).SCT, distinct(s.Proofs, ProofSCT)
		asked = asked || want > 0 || n > 0
		if n < want {
			return j.missing(s, ProofSCT, fault.SCTMissing, "%d of %d demanded certificate transparency logs hold the certificate", n, want)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !asked:
		return notDemanded("no signed certificate timestamp")
	}
	j.found = "certificate held by " + j.authorities(ProofSCT)
	return nil
}

// missing is the finding that too few of a kind are good, or why the first is not. It
// says so where none could be good.
func (j *judgement) missing(s *Signer, kind string, r fault.Reason, format string, args ...any) error {
	if err := failed(s.Proofs, kind); err != nil {
		return err
	}
	return fault.New(r, format, args...).WithHint("%s", j.policy.nobodyProves(kind))
}

// demanded is what must stand beside a signature, so that it counts. A
// certificate by a public authority needs a log entry and a signed certificate
// timestamp: else only the authority knows that it was issued, and nobody would
// notice one that should not have been.
func (j *judgement) demanded(s *Signer) Proofs {
	want := j.policy.Proofs
	if !j.sigstoreIssued(s) {
		want.SCT = 0
		return want
	}
	if !j.policy.AllowNoLogUnsafe {
		want.Log = max(want.Log, 1)
	}
	if !j.policy.AllowNoSCTUnsafe {
		want.SCT = max(want.SCT, 1)
	}
	return want
}

// sigstoreIssued reports whether the signer's certificate is by an authority of a
// Sigstore trusted root.
func (j *judgement) sigstoreIssued(s *Signer) bool {
	i := j.candidates[s.key].issued
	return i != nil && !i.chain.Private
}

// authorities names who proved something of a kind, each once.
func (j *judgement) authorities(kind string) string {
	var names []string
	for _, s := range j.result.Signers {
		for _, p := range s.Proofs {
			if p.Kind == kind && p.Status == Passed && !slices.Contains(names, p.Authority) {
				names = append(names, p.Authority)
			}
		}
	}
	return strings.Join(names, ", ")
}

// unread says that evidence carries proofs at which nobody looked.
func (j *judgement) unread() string {
	if !j.policy.Root.Empty() {
		return ""
	}
	for _, item := range j.group {
		if len(item.Material.LogEntries) > 0 || item.Material.Timestamps != nil {
			return "what the evidence carries was not looked at, as no log and no time stamp authority is trusted"
		}
	}
	return ""
}
