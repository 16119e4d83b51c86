package promotion

import (
	"slices"

	"github.com/stellaops/stella/pkg/verify"
)

// naming is what somebody calls those whose signatures count for a payload.
type naming struct {
	by      int      // a policy, by its index; trusted for what judged the signatures
	holders []string // by signer; "" for one that does not count
}

// trusted is the naming of what judged the signatures: the trust, with the identities
// that came first, be they of a flag or of a policy.
const trusted = -1

// namings are all that there are: each policy may call certificates by other names.
func namings(r *verify.Result) []naming {
	own := naming{by: trusted}
	for i := range r.Signers {
		holder := ""
		if s := &r.Signers[i]; s.Counted {
			holder = s.Holder
		}
		own.holders = append(own.holders, holder)
	}
	out := []naming{own}
	for i := range r.Rules {
		out = append(out, naming{r.Rules[i].RuleSet, r.Rules[i].Holders})
	}
	return out
}

// shared returns a holder who signed both. It is enough that one naming says so: who
// adds a naming can join two signers, and never tell apart what another has joined.
func shared(a, b *verify.Result) (string, bool) {
	for _, one := range namings(a) {
		for _, other := range namings(b) {
			if one.by != other.by {
				continue
			}
			for _, holder := range one.holders {
				if holder != "" && slices.Contains(other.holders, holder) {
					return holder, true
				}
			}
		}
	}
	return "", false
}

// isActor reports whether a signature counts and is by the actor: the certificate is in
// his name, or all who name its holder at all call it that. Where they disagree, whom
// the actor's name means would depend on who is asked.
func isActor(r *verify.Result, signer int, actor string) bool {
	s := &r.Signers[signer]
	if !s.Counted {
		return false
	}
	if s.Certificate != nil && s.Certificate.Identity == actor {
		return true
	}
	names := names(r, signer)
	return len(names) == 1 && names[0] == actor
}

// names are the distinct names of a signer's holder. That of a certificate whose holder
// nobody names says nothing against the others.
func names(r *verify.Result, signer int) []string {
	var out []string
	unnamed := ""
	if c := r.Signers[signer].Certificate; c != nil {
		unnamed = c.UnnamedHolder()
	}
	for _, n := range namings(r) {
		if name := n.holders[signer]; name != unnamed && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		out = append(out, unnamed)
	}
	return out
}

// signers are the distinct holders whose signatures count for a payload, as those are
// called that judged them.
func signers(r *verify.Result) []string {
	var out []string
	for _, holder := range namings(r)[0].holders {
		if holder != "" && !slices.Contains(out, holder) {
			out = append(out, holder)
		}
	}
	return out
}
