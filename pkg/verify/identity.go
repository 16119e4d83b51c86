package verify

import (
	"regexp"
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// Identity says which certificates count: whose name is in them, and who vouched
// for the name. Both are demanded; the zero value matches no certificate.
type Identity struct {
	// SubjectAlternativeName is compared with each name in the certificate: an
	// email address, a URI, a DNS name or Fulcio's other name.
	SubjectAlternativeName Match
	// Issuer is compared with the OIDC issuer that Fulcio writes into the
	// certificate (OID 1.3.6.1.4.1.57264.1.8, else .1). For a certificate of a
	// private CA, which has none, it is compared with the distinguished name of
	// the certificate's issuer (RFC 2253).
	Issuer Match
	// Holder is as whom the certificate counts; empty for one holder for each pair
	// of issuer and name.
	Holder string
	// Roles are the roles that the holder may fill.
	Roles []string
	// Tenant is the tenant that the identity is for, or empty.
	Tenant string
}

// Match is a demand on one string. The zero value matches nothing.
type Match struct {
	exact   string
	pattern *regexp.Regexp
	any     bool
}

// maxPattern bounds the text of a pattern, in bytes.
const maxPattern = 1024

// Exactly matches s alone. An empty s matches nothing.
func Exactly(s string) Match { return Match{exact: s} }

// AnyUnsafe matches every string: whoever the authority vouches for counts.
func AnyUnsafe() Match { return Match{any: true} }

// Pattern matches the strings that a regular expression (RE2) matches from their
// first to their last character. An expression that does not compile or has over
// 1 KiB is fault.UsageInvalid.
func Pattern(expression string) (Match, error) {
	if expression == "" || len(expression) > maxPattern {
		return Match{}, fault.New(fault.UsageInvalid, "a pattern has between 1 and %d bytes", maxPattern)
	}
	// Compiled alone first, so that no parenthesis can close the group below.
	if _, err := regexp.Compile(expression); err != nil {
		return Match{}, fault.Wrap(fault.UsageInvalid, err, "the pattern %.100q is not a regular expression", expression)
	}
	re, err := regexp.Compile(`\A(?:` + expression + `)\z`)
	if err != nil {
		return Match{}, fault.Wrap(fault.UsageInvalid, err, "the pattern %.100q is not a regular expression", expression)
	}
	return Match{exact: expression, pattern: re}, nil
}

// Matches reports whether s meets the demand. The empty string never does: a
// certificate without a name is nobody's.
func (m Match) Matches(s string) bool {
	switch {
	case s == "":
		return false
	case m.any:
		return true
	case m.pattern != nil:
		return m.pattern.MatchString(s)
	}
	return s == m.exact
}

// MatchesAnyName reports whether names of every kind in certificates meet the demand: it
// is [AnyUnsafe], or a pattern such as .* that comes to the same for the names there are.
func (m Match) MatchesAnyName() bool {
	return m.matchesAll(
		"ann@mail.example", "z9_bob+ci@corp-7.test",
		"https://ci.test/Acme/app_1/.github/x.yml@refs/heads/main", "http://forge.example:8443/~u/p?q=1",
		"spiffe://corp/ns/7", "spiffe://td-1.example/sa/Build_bot",
		"host-3.example.org", "www.corp.test",
		"CN=Ann,O=Acme", "C=XY,L=B9,SERIALNUMBER=0042",
	)
}

// MatchesAnyIssuer is the same of issuers: the URLs of those who vouch by OIDC.
func (m Match) MatchesAnyIssuer() bool {
	return m.matchesAll("https://issuer-7.example.org", "https://login.test/realms/X_1/~z", "https://192.0.2.7:8443/?q=1")
}

// matchesAll tries the demand on names as they occur, which have nothing in common but
// their kind: a pattern that leaves out what nobody is called is no narrower for it.
func (m Match) matchesAll(unlike ...string) bool {
	return !slices.ContainsFunc(unlike, func(name string) bool { return !m.Matches(name) })
}

// isZero reports whether nothing is demanded.
func (m Match) isZero() bool { return m.exact == "" && m.pattern == nil && !m.any }

// String returns the demand for people.
func (m Match) String() string {
	switch {
	case m.any:
		return "anything"
	case m.pattern != nil:
		return "/" + m.exact + "/"
	}
	return m.exact
}
