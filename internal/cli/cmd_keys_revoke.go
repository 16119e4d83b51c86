package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys/keyring"
	"github.com/stellaops/stella/pkg/keys/statement"
)

func newKeysRevokeCommand(a *app) *cobra.Command {
	opts := keysRevokeOptions{reason: newChoice("", predicate.RevocationReasons()...)}
	cmd := &cobra.Command{
		Use:   "revoke NAME --reason REASON",
		Short: "revoke a key of the keyring for good",
		Long: `Revoke the key NAME of the keyring, from now or from --effective on, and write
the statement that the publisher of trust takes: until it is published, others
go on to accept the key. The key signs no more here, at once, however it is
named.

A revocation is never undone. Run again with an earlier --effective it moves to
that; run again without, it writes the statement once more.`,
		Example:           `  stella keys revoke old --reason superseded -o revocation.json`,
		Args:              wantArgs("NAME"),
		ValidArgsFunction: a.completeName,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKeysRevoke(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

const flagEffective = "effective"

type keysRevokeOptions struct {
	reason    *choice
	effective string
	output    outputFlags
}

// AddFlags registers the flags.
func (o *keysRevokeOptions) AddFlags(fs *pflag.FlagSet) {
	fs.Var(o.reason, "reason", "why, as RFC 5280 names it: `REASON`")
	fs.StringVar(&o.effective, flagEffective, "", "the key is bad from `TIME` on (RFC 3339); the default is now")
	o.output.AddFlags(fs)
	addKeyring(fs)
}

func runKeysRevoke(ctx context.Context, s *session, o *keysRevokeOptions, text string) error {
	name := bareName(text)
	if o.reason.value == "" {
		return fault.New(fault.UsageInvalid, "a revocation has a reason").
			WithHint("%s", "say it with --reason: "+o.reason.Type())
	}
	now := s.Now().UTC().Truncate(time.Second)
	var effective time.Time
	if o.effective != "" {
		var err error
		if effective, err = parseInstant(flagEffective, o.effective); err != nil {
			return err
		}
	}
	if err := o.output.requireName(s, name+".revocation.json"); err != nil {
		return err
	}
	out, err := o.output.create(ctx, s)
	if err != nil {
		return err
	}
	defer out.Abort()
	revoked, err := revoke(ctx, s.keyring(), name, o.reason.value, effective, now)
	if err != nil {
		return err
	}
	document := statement.Revocation{Public: revoked.Key.Public, RevokedAt: revoked.Key.RevokedAt, Reason: revoked.Key.Reason, IssuedAt: now}
	if document.Reason != o.reason.value {
		s.ui.Warn("key %q was revoked before, and keeps its reason %s", name, document.Reason)
	}
	b, err := document.Marshal()
	if err == nil {
		_, err = out.Write(b)
	}
	if err == nil {
		err = out.Commit()
	}
	if err != nil {
		return fault.Wrap(fault.ReasonOf(err), err, "key %q is revoked, the statement was not written", name).
			WithHint("run the command again to write it")
	}
	return o.output.show(s, newKeysRevokeResult(revoked, &o.output))
}

// revoke revokes a key of a keyring. The zero time means now, or for a key that
// is revoked the time that it has.
func revoke(ctx context.Context, ring *keyring.Keyring, name, reason string, effective, now time.Time) (*keyring.Entry, error) {
	var revoked *keyring.Entry
	err := ring.Update(ctx, func(c *keyring.Contents) error {
		e, err := c.Find(name)
		if err != nil {
			return err
		}
		at := effective
		switch {
		case at.IsZero() && e.State == keyring.Revoked:
			at = e.Key.RevokedAt
		case at.IsZero():
			at = now
		}
		revoked, err = c.Revoke(name, reason, at, now)
		return err
	})
	return revoked, err
}

type keysRevokeResult struct {
	Name      string    `json:"name"`
	KeyID     string    `json:"keyId"`
	RevokedAt time.Time `json:"revokedAt"`
	Reason    string    `json:"reason"`
	Output    string    `json:"output"`
}

func newKeysRevokeResult(e *keyring.Entry, output *outputFlags) *keysRevokeResult {
	id, _ := dsse.KeyID(e.Key.Public) // has one: it is in the keyring
	r := &keysRevokeResult{Name: e.Key.Name, KeyID: id, RevokedAt: e.Key.RevokedAt, Reason: e.Key.Reason, Output: output.path}
	if output.onStdout() {
		r.Output = "-"
	}
	return r
}

// Text implements ui.Result.
func (r *keysRevokeResult) Text(p *ui.Printer) {
	p.Pairs(
		ui.P("revoked", ui.Styled(ui.Bad, r.Name)),
		ui.P("key id", p.Digest(r.KeyID)),
		ui.P("from", ui.T(r.RevokedAt.Format(time.RFC3339))),
		ui.P("reason", ui.T(r.Reason)),
		ui.P("written to", ui.T(r.Output)),
	)
	p.Line(ui.Styled(ui.Faint, "next: give the statement to those who publish trust; until they do, others accept the key"))
}
