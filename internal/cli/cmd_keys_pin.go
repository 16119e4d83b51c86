package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/keys"
)

func newKeysPINCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "pin",
		Short: "set or change the PIN of a token",
		Long: `Set or change the PIN of a FIDO2 token, or change the user's PIN of a PKCS #11
token. A PIN belongs to the token, and so to all keys in it.`,
	},
		newKeysPINSetCommand(a),
		newKeysPINChangeCommand(a),
	)
}

func newKeysPINSetCommand(a *app) *cobra.Command {
	opts := keysPINOptions{}
	cmd := &cobra.Command{
		Use:   "set TOKEN",
		Short: "set the first PIN of a token",
		Long: `Set the PIN of a FIDO2 token that has none. TOKEN is "fido2:" for the one that
is plugged in, or fido2:?device=/dev/hidraw0.

The PIN is asked for twice on the terminal, unless a flag says where it comes
from. A token wants at least four characters, some want more. It cannot be
removed again, only changed, unless the token is reset, which destroys its keys.`,
		Example: `  stella keys pin set fido2:`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runKeysPIN(cmd, a, &opts, args[0], "set", func(k keys.PINKeeper) pinAction { return k.SetPIN })
		},
	}
	opts.addTo(a, cmd)
	return cmd
}

func newKeysPINChangeCommand(a *app) *cobra.Command {
	opts := keysPINOptions{changes: true}
	cmd := &cobra.Command{
		Use:   "change TOKEN",
		Short: "change the PIN of a token",
		Long: `Change the PIN of a token. TOKEN is "fido2:" for the FIDO2 token that is
plugged in, fido2:?device=/dev/hidraw0, or the URI of a PKCS #11 token, such as
pkcs11:token=release, whose user's PIN changes.

The old PIN is asked for once and the new one twice, unless flags say where they
come from. A wrong old PIN costs one of the few tries that a token gives, so it
is never sent twice; before asking stella says if few are left.`,
		Example: `  stella keys pin change fido2: --new-pin-file new-pin.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runKeysPIN(cmd, a, &opts, args[0], "changed", func(k keys.PINKeeper) pinAction { return k.ChangePIN })
		},
	}
	opts.addTo(a, cmd)
	return cmd
}

// pinAction is a method of keys.PINKeeper.
type pinAction func(ctx context.Context, ref keys.Ref, fresh keys.Passphrases) (token string, err error)

type keysPINOptions struct {
	changes    bool // an old PIN is asked for as well
	old, fresh pinFlags
}

// addTo registers the flags, and what else both commands share.
func (o *keysPINOptions) addTo(a *app, cmd *cobra.Command) {
	cmd.Args = wantArgs("TOKEN")
	cmd.ValidArgsFunction = a.completeToken
	cmd.Annotations = exits(fault.ExitMissing, fault.ExitTemporary)
	if o.changes {
		o.old.AddFlags(cmd.Flags(), "pin", "old PIN")
	}
	o.fresh.AddFlags(cmd.Flags(), "new-pin", "new PIN")
	addAskpass(cmd.Flags())
}

func runKeysPIN(cmd *cobra.Command, a *app, o *keysPINOptions, token, done string, action func(keys.PINKeeper) pinAction) error {
	s, err := a.load(cmd)
	if err != nil {
		return err
	}
	ref, err := keys.ParseRef(token)
	if err != nil {
		return err
	}
	old, err := o.old.source(s)
	if err != nil {
		return err
	}
	fresh, err := o.fresh.source(s)
	if err != nil {
		return err
	}
	keeper, err := s.pinKeeper(ref, old)
	if err != nil {
		return err
	}
	where, err := action(keeper)(cmd.Context(), ref, fresh)
	if err != nil {
		return err
	}
	return s.ui.Show(&keysPINResult{Token: where, PIN: done})
}

// pinKeeper returns the driver of a token that has a PIN, with the old one from ask.
func (s *session) pinKeeper(ref keys.Ref, ask keys.Passphrases) (keys.PINKeeper, error) {
	drivers, err := s.driversWith(ask)
	if err != nil {
		return nil, err
	}
	driver, err := drivers.Driver(ref.Scheme())
	if err != nil {
		return nil, err
	}
	keeper, ok := driver.(keys.PINKeeper)
	if !ok {
		return nil, fault.New(fault.UsageInvalid, "%q is not a token with a PIN of its own", ref).
			WithHint("name a FIDO2 token, as \"fido2:\", or a PKCS #11 token, as \"pkcs11:token=NAME\"")
	}
	return keeper, nil
}

type keysPINResult struct {
	Token string `json:"token"`
	PIN   string `json:"pin"` // "set" or "changed"
}

// Text implements ui.Result.
func (r *keysPINResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T("the PIN of "+r.Token+" is "+r.PIN))
}
