package verify

import (
	"crypto"
	"fmt"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// candidate is a key that a signature may be by: a trusted one, or that of a
// certificate which a trusted authority issued to a demanded identity.
type candidate struct {
	dsse.Key
	id      string // of the key, as dsse.KeyID gives it
	name    string
	roles   []string
	tenant  string
	trusted *keys.TrustedKey // nil for that of a certificate
	issued  *issued          // nil for a trusted key
}

// bench is a policy made ready for many judgements: what is the same in all of
// them is made once. It does not change and is safe for concurrent use.
type bench struct {
	policy     *Policy
	checks     []check
	identities []Identity  // whose certificates are judged
	candidates []candidate // the trusted keys
	counted    []dsse.Key  // theirs, in the same order, as they are counted
	keys       []dsse.Key  // the same, each for itself
	hybrid     bool        // whether one of them counts only together with others
	first      []int       // the first of the policy's artifacts that is the same, for each

	goodAtVerification string // what is found of keys where no time is proven
}

func newBench(p *Policy) (*bench, error) {
	b := &bench{policy: p, checks: checks(), identities: p.admitting(), first: firsts(p.Subjects), goodAtVerification: goodAt + p.At.UTC().Format(time.RFC3339)}
	trusted := p.trustedKeys()
	forbidden := p.Profile.Verify(trusted)
	names := keyNames(trusted)
	for i := range trusted {
		k := &trusted[i]
		v, err := verifierOf(k, forbidden[i])
		if err != nil {
			return nil, err
		}
		key := dsse.Key{Holder: k.Holder, Hybrid: k.Hybrid, Verifier: v}
		id, _ := dsse.KeyID(k.Public) // without one it verifies nothing
		c := candidate{Key: key, id: id, name: k.Name, roles: k.Roles, tenant: k.Tenant, trusted: k}
		k.Name = toldApart(k.Name, id, names) // as messages call it
		b.candidates = append(b.candidates, c)
		b.counted = append(b.counted, key)
		b.keys = append(b.keys, withoutHybrid(key))
		b.hybrid = b.hybrid || key.Hybrid != ""
	}
	return b, nil
}

// keyNames counts how many keys have each name.
func keyNames(list []keys.TrustedKey) map[string]int {
	out := make(map[string]int, len(list))
	for i := range list {
		out[list[i].Name]++
	}
	return out
}

// shortID is how many hex digits of a key's id tell keys of one name apart.
const shortID = 8

// toldApart returns what messages call a key: its name, and where another key has the
// same name the beginning of its id as well.
func toldApart(name, id string, names map[string]int) string {
	algorithm, digits, _ := strings.Cut(id, ":")
	if names[name] < 2 || digits == "" {
		return name
	}
	return fmt.Sprintf("%s (%s:%s)", name, algorithm, digits[:min(len(digits), shortID)])
}

// mayHaveParts reports whether one envelope may have fewer of the signatures that count
// than another: where one key counts there are no parts. Who stands in a certificate
// is judged together with all others anyway: see standsAlone.
func (b *bench) mayHaveParts() bool { return len(b.candidates) > 1 }

// withoutHybrid returns the key for itself: the other half may be in another
// envelope.
func withoutHybrid(k dsse.Key) dsse.Key {
	k.Hybrid = ""
	return k
}

func verifierOf(k *keys.TrustedKey, forbidden error) (dsse.Verifier, error) {
	if forbidden != nil {
		return unusable{k.Public, forbidden}, nil
	}
	v, err := k.Verifier()
	if fault.ReasonOf(err) == fault.KeyUnsupported {
		return unusable{k.Public, fault.Wrap(fault.SignatureScheme, err, "the key cannot be used")}, nil
	}
	return v, err
}

// unusable stands for a trusted key that this build cannot verify with or that
// the profile forbids: it computes nothing, verifies nothing and says why.
type unusable struct {
	public crypto.PublicKey
	why    error
}

func (u unusable) Public() crypto.PublicKey { return u.public }

func (u unusable) Verify(dsse.Message, dsse.Signature) error { return u.why }

// keyName is how messages call a candidate.
func (j *judgement) keyName(key int) string {
	c := &j.candidates[key]
	if c.issued != nil {
		return "the certificate of " + c.Holder
	}
	return fmt.Sprintf("key %q", c.trusted.Name)
}
