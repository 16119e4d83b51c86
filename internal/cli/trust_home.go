package cli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
	"github.com/stellaops/stella/pkg/verify/policy"
)

// trustScheme begins the name of a trust bundle where a path could stand.
const trustScheme = "trust:"

// trustHome returns the user's trust bundles.
func (s *session) trustHome() *trust.Home { return trust.NewHome(s.dataPath(trustName)) }

// trustNameFlag names one of several trust bundles.
type trustNameFlag struct{ name string }

// AddFlags registers the flag.
func (f *trustNameFlag) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&f.name, "name", "", "the trust bundle called `NAME`; the default is the setting trust.name, else the one called default, else the only one")
}

// chosen returns the bundle that is named, or counts without; "" if there is none.
func (f *trustNameFlag) chosen(s *session) (string, error) {
	if f.name != "" {
		return f.name, nil
	}
	return s.activeTrust()
}

// existing is chosen, where there must be one.
func (f *trustNameFlag) existing(s *session) (string, error) {
	name, err := f.chosen(s)
	if err == nil && name == "" {
		err = fault.New(fault.TrustNotFound, "there is no trust bundle in %q", s.trustHome().Dir()).
			WithHint("begin with: stella trust init --root root.json --root-sha256 HEX")
	}
	return name, err
}

// activeTrust returns the trust bundle that counts when none is named; "" for none.
func (s *session) activeTrust() (string, error) {
	if s.config.TrustName != "" {
		return s.config.TrustName, nil
	}
	return s.trustHome().Choose()
}

// checkPolicy judges the policy of a trust bundle.
func checkPolicy(text []byte, source string) error {
	_, err := policy.Parse(text, source, policyOptions())
	return err
}

// roleKeys returns the public halves of keys that sign for a role: from files, from
// the keyring, or of keys that are opened where they are held.
func roleKeys(ctx context.Context, s *session, secrets *secretFlags, texts []string) ([]keys.TrustedKey, error) {
	var out []keys.TrustedKey
	for _, text := range texts {
		k, err := roleKey(ctx, s, secrets, text)
		if err != nil {
			return nil, err
		}
		out = append(out, k...)
	}
	return out, nil
}

func roleKey(ctx context.Context, s *session, secrets *secretFlags, text string) ([]keys.TrustedKey, error) {
	ref, err := keys.ParseRef(text)
	if err != nil {
		return nil, err
	}
	if ref.Scheme() == keys.FileScheme || ref.Scheme() == keyring.Scheme {
		found, err := s.loadTrust([]string{text})
		if err != nil {
			return nil, hintPublic(err)
		}
		list := found.Keys()
		for i := range list {
			list[i].Name = strings.TrimSuffix(list[i].Name, ".pub")
		}
		return list, nil
	}
	drivers, err := s.drivers(secrets)
	if err != nil {
		return nil, err
	}
	signer, err := s.openKey(ctx, drivers, ref)
	if err != nil {
		return nil, err
	}
	k := keys.Describe(signer)
	if k.Name == "" {
		k.Name = filepath.Base(ref.Name())
	}
	return []keys.TrustedKey{k}, k.Complete()
}

// hintPublic says of an error about a key that a public one is wanted.
func hintPublic(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || fault.HintOf(err) != "" {
		return err
	}
	return f.WithHint("name the public key, KEY.pub, or a key on a device by its reference")
}
