package verify

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// seeProblem is the hint where the message must not repeat what is wrong, since that may
// quote the evidence.
const seeProblem = "what is wrong with it is told beside what it claims, as its problem; ask the signer for %s"

// checkStatement reads the verified payload to its end as an in-toto
// statement. A payload of another type is not one, which matters only if a
// subject or a predicate type is demanded.
func checkStatement(j *judgement) error {
	if j.message == nil {
		j.result.Claims = nil
		return notDemanded("the signature is over the artifact itself, there is no statement")
	}
	claims := &j.room.claims
	claims.PayloadType, claims.PayloadSize = j.message.PayloadType(), j.message.Size()
	j.result.Claims = claims
	if j.group[0].Envelope == nil {
		return j.checkImage(claims)
	}
	if claims.PayloadType != dsse.PayloadTypeInToto {
		if len(j.policy.Subjects) > 0 || j.policy.PredicateType != "" {
			return fault.New(fault.StatementInvalid, "the payload is not an in-toto statement, so it has no subject and no predicate type")
		}
		return notDemanded("the payload is not an in-toto statement")
	}
	r := dsse.NewReader(j.message)
	defer r.Close()
	s, err := intoto.ParseStatement(r)
	if err != nil {
		if fault.ReasonOf(err) == fault.InputChanged {
			return unjudged{err}
		}
		claims.Problem = err.Error()
		return fault.New(fault.ReasonOf(err), "the payload is not an in-toto statement that stella knows").WithHint(seeProblem, "an in-toto Statement v1")
	}
	j.statement, j.about = s, s.Subjects
	j.found = s.Type
	claims.StatementType, claims.PredicateType = s.Type, s.PredicateType
	claims.Subjects = j.room.subjects[:0]
	for _, subject := range s.Subjects {
		claims.Subjects = append(claims.Subjects, Subject{Name: subject.Name, Digest: subject.Digest})
	}
	return nil
}
