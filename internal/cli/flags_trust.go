package cli

import (
	"context"
	"crypto"
	"slices"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// trustFlags say whose signatures count, and on whose word.
type trustFlags struct {
	keys     []string
	trust    []string
	hybrid   bool
	roots    []string
	cas      []string
	tsas     []string
	identity identityFlags
	// named says that a policy file names identities.
	named bool
	// bundle chooses a trust bundle and says how it is used.
	bundle bundleUse
}

// flagHybrid has keys count only together.
const flagHybrid = "hybrid"

// addKeys registers the flag for keys, which signs in the commands that do not have it.
func (t *trustFlags) addKeys(fs *pflag.FlagSet) {
	fs.StringArrayVar(&t.keys, "key", nil, "trust the public key, certificate or keys.json in `FILE`, all of a directory, or keyring:NAME; repeatable")
}

// AddFlags registers the flags.
func (t *trustFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&t.trust, "trust", nil, "trust what is in `PATH`: a keys.json, a key, a certificate, a trusted_root.json or a directory of keys; or keyring:NAME, or the trust bundle trust:NAME; repeatable")
	fs.BoolVar(&t.hybrid, flagHybrid, false, "count the keys given only together: all of them must have signed")
	t.addAuthorities(fs)
	fs.StringArrayVar(&t.tsas, "timestamp-certificate-chain", nil, "trust the RFC 3161 time stamp authority with the certificate chain in `FILE`; repeatable")
	t.identity.AddFlags(fs)
	addKeyring(fs)
}

// addAuthorities registers the flags for those who issue certificates.
func (t *trustFlags) addAuthorities(fs *pflag.FlagSet) {
	fs.StringArrayVar(&t.roots, "trusted-root", nil, "trust the certificate authorities, logs and time stamp authorities of a Sigstore trusted root in `FILE`; repeatable")
	fs.StringArrayVar(&t.cas, "ca", nil, "trust the private CA in `FILE|DIR`: certificates and CRLs in PEM; repeatable")
}

// paths returns what the flags name.
func (t *trustFlags) paths() []string { return slices.Concat(t.keys, t.trust, t.roots, t.cas, t.tsas) }

// given reports whether the flags name anybody whose signatures count.
func (t *trustFlags) given() bool {
	return len(t.keys)+len(t.trust) > 0 || t.identity.given() || t.named
}

// apply reads the trust into a policy: what the flags name, or else the active trust
// bundle.
func (t *trustFlags) apply(ctx context.Context, s *session, p *verify.Policy) error {
	name, err := t.bundleName(s)
	if err != nil {
		return err
	}
	if name != "" {
		return t.applyBundle(ctx, s, p, name)
	}
	if !t.given() {
		return t.nobody()
	}
	files := splitRoots(slices.Concat(t.keys, t.trust))
	if len(files.keys) > 0 && t.identity.given() {
		return fault.New(fault.UsageInvalid, "an identity asks for the signature of a certificate, and %q holds keys, which would count as well", files.keys[0]).
			WithHint("leave one of them out; where both kinds sign, name the identities in a --policy")
	}
	if len(files.keys) > 0 {
		if p.Trust, err = t.loadKeys(ctx, s, files.keys); err != nil {
			return err
		}
	} else if t.hybrid {
		return fault.New(fault.UsageInvalid, "--%s is about keys, and none was given", flagHybrid)
	}
	roots := slices.Concat(files.roots, t.roots)
	if p.Root, err = loadRoot(s, roots, t.cas, t.tsas); err != nil {
		return err
	}
	p.RootSources = slices.Concat(roots, t.cas, t.tsas)
	if p.Identities, err = t.identity.identities(len(roots) > 0); err != nil {
		return err
	}
	if len(p.Identities) > 0 && len(roots)+len(t.cas) == 0 {
		return fault.New(fault.TrustRequired, "an identity was demanded, and no authority is trusted to vouch for it").
			WithHint("give the Sigstore trusted root with --trusted-root FILE, or a private CA with --ca FILE")
	}
	if p.Trust == nil && len(p.Identities) == 0 && !t.named {
		return t.nobody()
	}
	return nil
}

// nobody is the error when no one's signature would count.
func (t *trustFlags) nobody() error {
	if len(t.paths()) > 0 {
		return fault.New(fault.TrustRequired, "authorities were given to verify with, and nobody for whom they may vouch").
			WithHint("say whose signature you expect: --certificate-identity NAME --certificate-oidc-issuer URL, or --key KEY.pub")
	}
	return fault.New(fault.TrustRequired, "no key, certificate or trust was given to verify with").
		WithHint("say whose signature you expect: --key KEY.pub; or begin with a trust bundle: stella trust init")
}

// loadKeys reads the trusted keys and says which files of a directory gave none.
func (t *trustFlags) loadKeys(ctx context.Context, s *session, paths []string) (*keys.Trust, error) {
	trust, err := s.loadTrust(paths)
	if err != nil {
		return nil, err
	}
	err = t.settle(ctx, s, &trust)
	return trust, err
}

// settle completes trust that was read: keys that need a plugin, and hybrids.
func (t *trustFlags) settle(ctx context.Context, s *session, to **keys.Trust) error {
	trust := *to
	// Verifying uses no network, whatever the configuration allows for signing.
	host, err := s.plugins(true)
	if err != nil {
		return err
	}
	trust.Resolve(func(pub crypto.PublicKey) crypto.PublicKey { return host.Resolve(ctx, pub) })
	if t.hybrid {
		if trust, err = trust.Hybrid(); err != nil {
			return err
		}
		*to = trust
	}
	for _, i := range trust.Ignored() {
		s.ui.Say("no trust in %s: %s", i.Path, i.Why)
	}
	for _, k := range trust.Keys() {
		s.ui.Detail("trusting %s of %s, from %s", k.Name, k.Holder, k.Source)
	}
	return nil
}

// The flags that demand a number of proofs.
const (
	flagRequireLog       = "require-log"
	flagRequireTimestamp = "require-timestamp"
)

// proofFlags say what must stand beside a signature.
type proofFlags struct {
	logs, timestamps         int
	allowNoLog, allowNoSCT   bool
	demandRevocationKnowable bool
}

// AddFlags registers the flags.
func (f *proofFlags) AddFlags(fs *pflag.FlagSet) {
	fs.IntVar(&f.logs, flagRequireLog, 0, "demand that `N` transparency logs hold each signature that is to count")
	fs.IntVar(&f.timestamps, flagRequireTimestamp, 0, "demand time stamps by `N` authorities on each signature that is to count")
	fs.BoolVar(&f.demandRevocationKnowable, "require-crl", false, "refuse certificates of private CAs without a current CRL")
	fs.BoolVar(&f.allowNoLog, "allow-no-log", false, "DANGER: accept keyless evidence that no transparency log holds")
	fs.BoolVar(&f.allowNoSCT, "allow-no-sct", false, "DANGER: accept keyless certificates that no certificate transparency log holds")
}
