package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustPublishAddKeyCommand(a *app) *cobra.Command {
	var opts trustPublishAddKeyOptions
	cmd := &cobra.Command{
		Use:   "add-key DIR KEY",
		Short: "add a key that evidence is signed with",
		Long: `Add KEY to the keys that the trust in DIR speaks of, or change its entry: a
public key, a certificate that is pinned, keyring:NAME, or a keys.json whose
entries are taken as they are. It counts once the change is signed.

Without --type the key signs no type of statement at all: say which, or "*".`,
		Example: `  stella trust publish add-key acme ci.key.pub --holder ci --role build --type cyclonedx --not-after 365d`,
		Args:    wantArgs("DIR", "KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustPublishAddKey(cmd.Context(), s, &opts, args[0], args[1])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type trustPublishAddKeyOptions struct {
	name, holder, tenant string
	roles, types         []string
	notBefore, notAfter  string
	secrets              secretFlags
	fs                   *pflag.FlagSet
}

// AddFlags registers the flags.
func (o *trustPublishAddKeyOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.name, "name", "", "call the key `NAME`")
	fs.StringVar(&o.holder, flagHolder, "", "`WHO` holds the key; thresholds count holders")
	fs.StringArrayVar(&o.roles, flagRole, nil, "a `ROLE` that the holder fills; repeatable")
	fs.StringVar(&o.tenant, flagTenant, "", "the `TENANT` that the key is for")
	fs.StringArrayVar(&o.types, "type", nil, "a predicate type that the key may sign, by short name or `URI`, or *; repeatable")
	fs.StringVar(&o.notBefore, flagNotBefore, "", "the key is good from `TIME` on (RFC 3339, or a span such as 7d)")
	fs.StringVar(&o.notAfter, flagNotAfter, "", "the key is good until `TIME` (RFC 3339, or a span such as 365d)")
	o.secrets.AddFlags(fs)
	addKeyring(fs)
	o.fs = fs
}

func runTrustPublishAddKey(ctx context.Context, s *session, o *trustPublishAddKeyOptions, dir, text string) error {
	list, err := roleKeys(ctx, s, &o.secrets, []string{text})
	if err != nil {
		return err
	}
	described, err := o.described(s, text)
	if err != nil {
		return err
	}
	for i := range list {
		if err := o.entry(s, &list[i], described); err != nil {
			return err
		}
	}
	progress, err := trust.NewPublisher(dir).AddKeys(ctx, s.Now(), list...)
	if err != nil {
		return err
	}
	return s.ui.Show(&publishResult{progress, "staged: " + plural(len(list), "key")})
}

// described reports whether KEY itself says what it may sign: a keys.json does, unless
// the command line does.
func (o *trustPublishAddKeyOptions) described(s *session, text string) (bool, error) {
	if o.fs.Changed("type") || !isFile(text) {
		return false, nil
	}
	content, err := readPublicFile(s, text)
	if err != nil {
		return false, err
	}
	_, err = keys.ParseKeysJSON(content, text)
	return err == nil, nil
}

// entry puts what the flags say into the entry of a key.
func (o *trustPublishAddKeyOptions) entry(s *session, k *keys.TrustedKey, described bool) error {
	for _, text := range []struct {
		to    *string
		value string
	}{{&k.Name, o.name}, {&k.Holder, o.holder}, {&k.Tenant, o.tenant}} {
		if text.value != "" {
			*text.to = text.value
		}
	}
	if len(o.roles) > 0 {
		k.Roles = o.roles
	}
	for _, bound := range []struct {
		flag, text string
		to         *time.Time
	}{{flagNotBefore, o.notBefore, &k.NotBefore}, {flagNotAfter, o.notAfter, &k.NotAfter}} {
		if bound.text == "" {
			continue
		}
		t, err := parseMoment(bound.flag, bound.text, s.Now())
		if err != nil {
			return err
		}
		*bound.to = t.Truncate(time.Second)
	}
	if described {
		return nil
	}
	return o.setTypes(k)
}

func (o *trustPublishAddKeyOptions) setTypes(k *keys.TrustedKey) error {
	k.AnyPredicateType, k.PredicateTypes = false, []string{}
	for _, name := range o.types {
		if name == "*" {
			k.AnyPredicateType = true
			continue
		}
		uri, err := predicate.Resolve(name)
		if err != nil {
			return err
		}
		k.PredicateTypes = append(k.PredicateTypes, uri)
	}
	if k.AnyPredicateType && len(k.PredicateTypes) > 0 {
		return fault.New(fault.UsageInvalid, "--type * is every type, and so the only one")
	}
	if len(o.types) == 0 {
		return fault.New(fault.UsageInvalid, "the key could sign no type of statement").
			WithHint("say which it may sign: --type cyclonedx, or --type '*' for all")
	}
	return nil
}
