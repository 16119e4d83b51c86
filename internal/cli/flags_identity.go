package cli

import (
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// identityFlags say whose certificates count. They are named as in cosign, and
// patterns match whole strings.
type identityFlags struct {
	identity, identityPattern string
	issuer, issuerPattern     string
}

// The flags that demand an identity.
const (
	flagIdentity        = "certificate-identity"
	flagIdentityPattern = "certificate-identity-regexp"
	flagIssuer          = "certificate-oidc-issuer"
	flagIssuerPattern   = "certificate-oidc-issuer-regexp"
)

// AddFlags registers the flags.
func (f *identityFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&f.identity, flagIdentity, "", "trust certificates in the name of `NAME`: an email address, URI or DNS name")
	fs.StringVar(&f.identityPattern, flagIdentityPattern, "", "the same for every name that `REGEXP` matches whole")
	fs.StringVar(&f.issuer, flagIssuer, "", "the `URL` of the OIDC issuer that vouched for the name")
	fs.StringVar(&f.issuerPattern, flagIssuerPattern, "", "the same for every issuer that `REGEXP` matches whole")
}

func (f *identityFlags) given() bool { return *f != identityFlags{} }

// identities returns the demanded identity, if there is one. Only private CAs
// vouch without an issuer: they are one themselves.
func (f *identityFlags) identities(public bool) ([]verify.Identity, error) {
	if !f.given() {
		return nil, nil
	}
	name, err := oneMatch(f.identity, flagIdentity, f.identityPattern, flagIdentityPattern)
	if err != nil {
		return nil, err
	}
	if !public && f.issuer == "" && f.issuerPattern == "" {
		return []verify.Identity{{SubjectAlternativeName: name, Issuer: verify.AnyUnsafe()}}, nil
	}
	issuer, err := oneMatch(f.issuer, flagIssuer, f.issuerPattern, flagIssuerPattern)
	if err != nil {
		return nil, err
	}
	return []verify.Identity{{SubjectAlternativeName: name, Issuer: issuer}}, nil
}

// oneMatch turns an exact flag or its pattern into a demand; one of them is needed.
func oneMatch(exact, exactFlag, pattern, patternFlag string) (verify.Match, error) {
	switch {
	case exact != "" && pattern != "":
		return verify.Match{}, fault.New(fault.UsageInvalid, "--%s and --%s exclude each other", exactFlag, patternFlag)
	case exact != "":
		return verify.Exactly(exact), nil
	case pattern == "":
		return verify.Match{}, fault.New(fault.UsageInvalid, "an identity has a name and an issuer: --%s or --%s is missing", exactFlag, patternFlag)
	}
	m, err := verify.Pattern(pattern)
	if err != nil {
		return verify.Match{}, fault.Wrap(fault.UsageInvalid, err, "--%s", patternFlag)
	}
	return m, nil
}
