package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys/statement"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustPublishRevokeCommand(a *app) *cobra.Command {
	opts := trustPublishRevokeOptions{reason: newChoice("", predicate.RevocationReasons()...)}
	cmd := &cobra.Command{
		Use:   "revoke DIR KEY --reason REASON",
		Short: "revoke a key that evidence is signed with",
		Long: `Revoke KEY in the trust in DIR, from now or from --effective on: a public key, a
key id (sha256:HEX), the name of a key in the trust, or the statement that
stella keys revoke wrote. It also counts for certificates that hold the key.

A revocation is never undone and never moves to a later time: not here, and not
with those who imported it. A key of a role is taken away with rotate-root.`,
		Example: `  stella trust publish revoke acme ci --reason keyCompromise --effective 2026-11-01T00:00:00Z`,
		Args:    wantArgs("DIR", "KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustPublishRevoke(cmd.Context(), s, &opts, args[0], args[1])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type trustPublishRevokeOptions struct {
	reason    *choice
	effective string
}

// AddFlags registers the flags.
func (o *trustPublishRevokeOptions) AddFlags(fs *pflag.FlagSet) {
	fs.Var(o.reason, "reason", "why, as RFC 5280 names it: `REASON`")
	fs.StringVar(&o.effective, flagEffective, "", "the key is bad from `TIME` on (RFC 3339); the default is now")
	addKeyring(fs)
}

func runTrustPublishRevoke(ctx context.Context, s *session, o *trustPublishRevokeOptions, dir, key string) error {
	publisher := trust.NewPublisher(dir)
	r, err := o.revocation(s, publisher, key)
	if err != nil {
		return err
	}
	progress, err := publisher.Revoke(ctx, s.Now(), *r)
	if err != nil {
		return err
	}
	return s.ui.Show(&publishResult{progress, "staged: " + r.KeyID + " is revoked from " + moment(r.RevokedAt) + " on"})
}

// revocation is what the flags and KEY say.
func (o *trustPublishRevokeOptions) revocation(s *session, publisher *trust.Publisher, key string) (*trust.Revocation, error) {
	if told, err := toldRevocation(s, key); told != nil || err != nil {
		return told, err
	}
	if o.reason.value == "" {
		return nil, fault.New(fault.UsageInvalid, "a revocation has a reason").WithHint("%s", "say it with --reason: "+o.reason.Type())
	}
	r := &trust.Revocation{RevokedAt: s.Now().UTC().Truncate(time.Second), Reason: o.reason.value}
	var err error
	if o.effective != "" {
		if r.RevokedAt, err = parseInstant(flagEffective, o.effective); err != nil {
			return nil, err
		}
	}
	r.KeyID, err = keyIDOf(s, publisher, key)
	return r, err
}

// toldRevocation reads the statement of stella keys revoke; nil if key is none.
func toldRevocation(s *session, key string) (*trust.Revocation, error) {
	if !isFile(key) || !strings.HasSuffix(key, ".json") {
		return nil, nil
	}
	text, err := readPublicFile(s, key)
	if err != nil {
		return nil, err
	}
	told, err := statement.ParseRevocation(text)
	if err != nil {
		return nil, err
	}
	id, err := dsse.KeyID(told.Public)
	return &trust.Revocation{KeyID: id, RevokedAt: told.RevokedAt, Reason: told.Reason}, err
}

// keyIDOf returns the key id that text is, or that of the key that it names.
func keyIDOf(s *session, publisher *trust.Publisher, text string) (string, error) {
	if strings.HasPrefix(text, "sha256:") {
		return text, nil
	}
	if _, found := inKeyring(text); !found && !isFile(text) {
		return publisher.KeyIDOf(text)
	}
	found, err := s.loadTrust([]string{text})
	if err != nil {
		return "", err
	}
	if n := len(found.Keys()); n != 1 {
		return "", fault.New(fault.UsageInvalid, "%q holds %d keys, and one is revoked at a time", text, n)
	}
	return dsse.KeyID(found.Keys()[0].Public)
}
