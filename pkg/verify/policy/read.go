package policy

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

//go:embed policy.schema.json
var schema string

// Schema returns the JSON Schema (2020-12) of a policy file. What it cannot say
// stands in docs/formats/policy.md: Parse accepts nothing that it refuses.
func Schema() string { return schema }

// Options are what a policy file is read with.
type Options struct {
	// TypeURI returns the URI of a predicate type, which is a short name or a URI
	// itself; or an error.
	TypeURI func(nameOrURI string) (string, error)
	// Spellings returns all URIs that may name the schema that uri names, uri among them. Nil
	// means that each URI is a schema of its own.
	Spellings func(uri string) []string
}

// Parse reads a policy file, in YAML or JSON; source is its name for messages.
// All errors are fault.PolicyMalformed with the line and the JSON pointer of
// what is wrong, except for fault.InputTooLarge, and fault.PolicyUnsatisfiable
// for a demand that no trust can meet.
func Parse(b []byte, source string, options Options) (*Policy, error) {
	root, err := tree(source, b)
	if err != nil {
		return nil, err
	}
	r := &policyReader{file: &file{source: source}, options: options}
	o := r.newObject("", root)
	p := r.policy(o)
	if r.err != nil {
		return nil, r.err
	}
	return p, p.checkDemands(o, spelt(options.Spellings))
}

// policyReader reads the objects of one policy.
type policyReader struct {
	*file
	options    Options
	conditions *environment // nil before the first condition
}

func demandMembers() []string { return []string{"profile", "algorithms", "hardware", "proofs"} }

func (r *policyReader) policy(o *object) *Policy {
	if format := o.text("format", true, maxName, aLine()); r.err == nil && format != Format {
		r.keep(o.fail("format", "is %q, not %q", clip(format), Format))
	}
	p := &Policy{
		Name:             o.text("name", false, maxName, aLine()),
		Description:      o.text("description", false, maxText, someText()),
		Artifacts:        r.artifacts(o),
		Identities:       r.identities(o, true),
		Demands:          r.demands(o),
		Witnesses:        o.texts("witnesses", maxVKey, aVKey()),
		Revocation:       o.demand("revocation"),
		AllowNoLogUnsafe: o.flag(verify.LoosenNoLog),
		AllowNoSCTUnsafe: o.flag(verify.LoosenNoSCT),

		AllowExpiredTrustUnsafe: MaxAge(o.text(verify.LoosenExpiredTrust, false, maxName, anAge())),
	}
	for _, rule := range o.objects("rules", true, MaxRules) {
		p.Rules = append(p.Rules, r.rule(rule))
	}
	o.unique("rules")
	o.close(append(demandMembers(), "format", "name", "description", "artifacts", "identities", "witnesses", "revocation",
		verify.LoosenNoLog, verify.LoosenNoSCT, verify.LoosenExpiredTrust, "rules")...)
	return p
}

func (r *policyReader) artifacts(o *object) []Artifact {
	var out []Artifact
	for _, a := range o.objects("artifacts", false, maxList) {
		out = append(out, Artifact{
			Name:   a.text("name", false, maxText, aLine()),
			Digest: a.text("digest", true, maxText, aDigest()),
		})
		a.close("name", "digest")
	}
	return out
}

// identities reads the identities of a policy, which say as whom a certificate
// counts, or those of a requirement, which do not.
func (r *policyReader) identities(o *object, declare bool) []Identity {
	var out []Identity
	for _, i := range o.objects("identities", false, maxList) {
		id := Identity{Identity: r.match(i, "identity", true), Issuer: r.match(i, "issuer", true)}
		known := []string{"identity", "issuer"}
		if declare {
			id.Holder = i.text("holder", false, maxText, aLine())
			id.Roles = i.texts("roles", maxName, aName())
			id.Tenant = i.text("tenant", false, maxName, aName())
			known = append(known, "holder", "roles", "tenant")
		}
		i.close(known...)
		out = append(out, id)
	}
	return out
}

func (r *policyReader) demands(o *object) Demands {
	d := Demands{
		Profile:  keys.Profile(o.text("profile", false, maxName, oneOf(profileNames()))),
		Hardware: o.demand("hardware"),
	}
	for _, a := range o.texts("algorithms", maxName, anAlgorithm()) {
		d.Algorithms = append(d.Algorithms, keys.Algorithm(a))
	}
	if p := o.child("proofs"); p != nil {
		d.Proofs = Proofs{
			Log: p.count("log", MaxThreshold), Timestamp: p.count("timestamp", MaxThreshold),
			SCT: p.count("sct", MaxThreshold), Witness: p.count("witness", MaxThreshold),
		}
		if d.Proofs == (Proofs{}) {
			p.keep(p.fail("", "demands nothing"))
		}
		p.close("log", "timestamp", "sct", "witness")
	}
	return d
}

// demand reads a member whose only value is Required.
func (o *object) demand(name string) Demand {
	return Demand(o.text(name, false, maxName, oneOf([]string{string(Required)})))
}

func (r *policyReader) rule(o *object) Rule {
	rule := Rule{
		Name:        o.text("name", true, maxName, aLine()),
		Description: o.text("description", false, maxText, someText()),
		Subjects:    r.subjects(o),
		Demands:     r.demands(o),
		MaxAge:      MaxAge(o.text("maxAge", false, maxName, anAge())),
		Required:    o.flag("required"),
	}
	rule.PredicateTypes = o.texts("predicateTypes", maxText, printable())
	for i, t := range rule.PredicateTypes {
		rule.uris = append(rule.uris, r.typeURI(o, i, t))
	}
	for _, s := range o.objects("signers", true, MaxRequirements) {
		rule.Signers = append(rule.Signers, r.requirement(s))
	}
	rule.Conditions = r.readConditions(o)
	rule.Promotion = r.promotion(o)
	o.close(append(demandMembers(), "name", "description", "subjects", "predicateTypes", "signers", "maxAge", "conditions", "promotion", "required")...)
	return rule
}

// materialRoles are the roles of materials of a promotion.
func materialRoles() []string { return []string{"sbom", "vex", "report"} }

func (r *policyReader) promotion(o *object) *Promotion {
	c := o.child("promotion")
	if c == nil {
		return nil
	}
	p := &Promotion{
		SeparateFrom: c.texts("separateFrom", maxName, oneOf(materialRoles())),
		ChainFrom:    c.text("chainFrom", false, maxName, aName()),
	}
	if !c.has("separateFrom") && !c.has("chainFrom") {
		c.keep(c.fail("", "demands nothing"))
	}
	c.close("separateFrom", "chainFrom")
	return p
}

func (r *policyReader) typeURI(o *object, i int, name string) string {
	uri, err := r.options.TypeURI(name)
	if err != nil {
		r.keep(o.failElement("predicateTypes", i, "%s", err).WithHint("%s", fault.HintOf(err)))
	}
	return uri
}

func (r *policyReader) subjects(o *object) []Subject {
	var out []Subject
	for _, s := range o.objects("subjects", false, maxList) {
		subject := Subject{Name: r.match(s, "name", false), Digest: s.text("digest", false, maxText, aDigest())}
		if !s.has("name") && !s.has("digest") {
			s.keep(s.fail("", "has neither name nor digest"))
		}
		s.close("name", "digest")
		out = append(out, subject)
	}
	return out
}

func signerMembers() []string {
	return []string{"holders", "roles", "tenants", "keyIds", "identities"}
}

func (r *policyReader) requirement(o *object) Requirement {
	q := Requirement{Name: o.text("name", false, maxName, aLine()), Threshold: o.count("threshold", MaxThreshold), Signer: r.signer(o)}
	if !o.has("threshold") {
		q.Threshold = 1
	}
	for _, s := range o.objects("anyOf", false, maxList) {
		q.AnyOf = append(q.AnyOf, r.signer(s))
		if len(s.node.names) == 0 {
			s.keep(s.fail("", "demands nothing"))
		}
		s.close(signerMembers()...)
	}
	if o.has("anyOf") && slices.ContainsFunc(signerMembers(), o.has) {
		o.keep(o.fail("anyOf", "stands beside %s", strings.Join(signerMembers(), ", ")).WithHint("write everything into anyOf, or nothing"))
	}
	o.close(append(signerMembers(), "name", "threshold", "anyOf")...)
	return q
}

func (r *policyReader) signer(o *object) Signer {
	return Signer{
		Holders:    o.texts("holders", maxText, aLine()),
		Roles:      o.texts("roles", maxName, aName()),
		Tenants:    o.texts("tenants", maxName, aName()),
		KeyIDs:     o.texts("keyIds", maxName, aKeyID()),
		Identities: r.identities(o, false),
	}
}

// match reads a demand on a text: the text itself, or a mapping that names its
// syntax.
func (r *policyReader) match(o *object, name string, must bool) Match {
	n := o.find(name)
	if n == nil || n.kind != mapping {
		m := Match{Exact: o.text(name, must, maxText, aLine())}
		m.compiled = verify.Exactly(m.Exact)
		return m
	}
	c := o.child(name)
	m := Match{
		Exact:     c.text("exact", false, maxText, aLine()),
		Glob:      c.text("glob", false, maxGlob, aLine()),
		Regexp:    c.text("regexp", false, maxPattern, aLine()),
		AnyUnsafe: c.flag(verify.LoosenAnyIdentity),
	}
	c.close("exact", "glob", "regexp", verify.LoosenAnyIdentity)
	if len(c.node.names) != 1 || m.IsZero() {
		c.keep(c.fail("", "is not one of exact, glob, regexp and %s", verify.LoosenAnyIdentity))
	}
	if r.err == nil {
		m.compiled = r.compile(c, &m)
	}
	return m
}

func (r *policyReader) compile(o *object, m *Match) verify.Match {
	switch {
	case m.AnyUnsafe:
		return verify.AnyUnsafe()
	case m.Exact != "":
		return verify.Exactly(m.Exact)
	}
	if r.patterns++; r.patterns > MaxPatterns {
		o.keep(o.fail("", "is one pattern more than the limit of %d", MaxPatterns))
		return verify.Match{}
	}
	member, expression := "regexp", m.Regexp
	if m.Glob != "" {
		member, expression = "glob", globExpression(m.Glob)
	}
	compiled, err := verify.Pattern(expression)
	if err != nil {
		o.keep(o.fail(member, "%s", err))
	}
	return compiled
}

// unique refuses two elements of a list with the same name.
func (o *object) unique(list string) {
	var names []string
	n := o.find(list)
	if n == nil {
		return
	}
	for i, item := range n.items {
		element := &object{file: o.file, node: item}
		name := element.find("name")
		if name == nil {
			continue
		}
		if slices.Contains(names, name.text) {
			o.keep(o.failElement(list, i, "has the name of another: %q", clip(name.text)))
		}
		names = append(names, name.text)
	}
}

func (o *object) failElement(list string, i int, format string, args ...any) *fault.Error {
	return o.fail(list+"/"+itoa(i), format, args...)
}
