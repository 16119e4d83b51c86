package cli

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/store"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
	"github.com/stellaops/stella/pkg/verify"
)

// kitStore returns the user's offline kits.
func (s *session) kitStore() *store.Store {
	return store.New(s.dataPath(kitsName), s.dataPath(quarantineName))
}

// kitTrustFlags say which trust bundle judges a kit.
type kitTrustFlags struct {
	trust  string
	policy string
}

// AddFlags registers the flags.
func (f *kitTrustFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&f.trust, "trust", "", "judge the kit by the trust bundle `trust:NAME`; the default is the setting trust.name, else the one called default, else the only one")
	fs.StringVar(&f.policy, flagPolicy, "", "demand of the kit's statement what the policy in `FILE` does, beside what the bundle's own demands")
}

// bundle returns the name of the trust bundle.
func (f *kitTrustFlags) bundle(s *session) (string, error) {
	name, named := strings.CutPrefix(f.trust, trustScheme)
	if f.trust != "" && !named {
		return "", fault.New(fault.UsageInvalid, "--trust %q is not trust:NAME: kits are judged by trust bundles alone", f.trust).
			WithHint("begin a bundle with stella trust init, or leave the flag out for the active one")
	}
	return (&trustNameFlag{name}).existing(s)
}

// judge returns what judges the statement of a kit, as stella verify judges evidence.
func (f *kitTrustFlags) judge(s *session) (store.Judge, error) {
	file, err := (&policyFlags{path: f.policy}).load(s)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, h *offlinekit.Header, by *trust.Active) ([]string, error) {
		p := &verify.Policy{Threshold: 1, Spellings: predicate.Spellings, At: s.Now(), Profile: s.config.Profile}
		t := trustFlags{named: file != nil && file.NamesIdentities(), bundle: bundleUse{policy: file, rules: true}}
		if err := t.applyActive(ctx, s, p, by); err != nil {
			return nil, err
		}
		if file != nil {
			if err := file.Apply(p); err != nil {
				return nil, err
			}
		}
		return store.Verify(ctx, h, p)
	}, nil
}

// addChannel registers the flag that chooses one of several channels.
func addChannel(fs *pflag.FlagSet, to *string) {
	fs.StringVar(to, "channel", "", "the kits of channel `NAME`; the default is the only one")
}

// kitReason judges the reason for something that is recorded.
func kitReason(flag, text string) error {
	if n := utf8.RuneCountInString(text); n > 0 && n <= store.MaxReason && strictjson.IsText(text) && strings.TrimSpace(text) != "" {
		return nil
	}
	if text == "" {
		return fault.New(fault.UsageInvalid, "this needs --%s", flag).WithHint("say why in a sentence: it is recorded")
	}
	return fault.New(fault.UsageInvalid, "--%s says no reason of 1 to %d characters on one line", flag, store.MaxReason).
		WithHint("say why in a sentence: it is recorded")
}
