package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
	"github.com/stellaops/stella/pkg/keys/statement"
)

func newKeysRotateCommand(a *app) *cobra.Command {
	opts := keysRotateOptions{}
	cmd := &cobra.Command{
		Use:   "rotate NAME --to KEY -o FILE",
		Short: "let a new key follow a key of the keyring",
		Long: `Make a new key at KEY, a path or a reference to a device, that follows the key
NAME of the keyring, and write the statement that says so: the old key signs for
the new one, and the new one for the old one. Both sign for the time of
--overlap, then only the new one. With --existing the key at KEY is there
already.

When the old key is lost or in wrong hands it signs nothing: --old-lost retires
it, --old-compromised revokes it as well, from --effective on. The statement
then says so, and only a trust bundle can introduce the new key to others.

Flags for a passphrase or PIN are for the old key; for the new one say where it
is in KEY, as in KEY?passphrase-file=FILE.`,
		Example: `  stella keys rotate old --to new.key --no-passphrase --overlap 30d -o rotation.dsse.json
  stella keys rotate lost --to 'found.key?passphrase-file=pass.txt' --old-lost -o lost.dsse.json`,
		Args:              wantArgs("NAME"),
		ValidArgsFunction: a.completeName,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKeysRotate(cmd.Context(), s, &opts, bareName(args[0]))
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	cmd.MarkFlagsMutuallyExclusive(flagOldLost, flagOldCompromised)
	return cmd
}

const (
	flagOldLost        = "old-lost"
	flagOldCompromised = "old-compromised"
	flagOverlap        = "overlap"
	defaultOverlap     = "30d"
)

type keysRotateOptions struct {
	to             string
	existing       bool
	name           string
	overlap        string
	oldLost        bool
	oldCompromised bool
	effective      string
	key            newKeyFlags
	output         outputFlags
	secrets        secretFlags
	fs             *pflag.FlagSet
}

// AddFlags registers the flags.
func (o *keysRotateOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.to, "to", "", "make the new key at `KEY`: a path, or a reference to a device")
	fs.BoolVar(&o.existing, "existing", false, "the new key is at KEY already")
	fs.StringVar(&o.name, "name", "", "record the new key as `NEW`; the default is NAME with the next number")
	fs.StringVar(&o.overlap, flagOverlap, defaultOverlap, "the old key signs for `SPAN` more, such as 30d or 36h")
	fs.BoolVar(&o.oldLost, flagOldLost, false, "the old key is lost: it signs nothing, and is retired")
	fs.BoolVar(&o.oldCompromised, flagOldCompromised, false, "the old key is in wrong hands: it signs nothing, and is revoked")
	fs.StringVar(&o.effective, flagEffective, "", "with --old-compromised: the old key is bad from `TIME` on (RFC 3339); the default is now")
	o.key.AddFlags(fs)
	o.output.AddFlags(fs)
	o.secrets.AddFlags(fs)
	addKeyring(fs)
	addAuditFlag(fs)
	o.fs = fs
}

func (o *keysRotateOptions) reason() statement.Reason {
	switch {
	case o.oldLost:
		return statement.Lost
	case o.oldCompromised:
		return statement.Compromised
	}
	return statement.Planned
}

// rotation is one run of the command.
type rotation struct {
	*keysRotateOptions
	name      string // of the old key
	ref       keys.Ref
	now       time.Time
	until     time.Time // overlap
	effective time.Time // of the revocation
	drivers   keys.Drivers
}

// plan checks everything that can be checked before a key is made.
func (o *keysRotateOptions) plan(s *session, name string) (*rotation, error) {
	r := &rotation{keysRotateOptions: o, name: name, now: s.Now().UTC().Truncate(time.Second)}
	switch {
	case o.to == "":
		return nil, fault.New(fault.UsageInvalid, "no place for the new key").WithHint("say it: --to KEY")
	case o.output.onStdout():
		return nil, fault.New(fault.OutputRequired, "the statement about the rotation needs a file").
			WithHint("say where it shall go: -o %s.rotation.dsse.json", name)
	case o.effective != "" && !o.oldCompromised:
		return nil, fault.New(fault.UsageInvalid, "--effective goes together with --old-compromised")
	case o.fs.Changed(flagOverlap) && o.reason() != statement.Planned:
		return nil, fault.New(fault.UsageInvalid, "a key that is %s has no overlap", o.reason()).WithHint("leave out --overlap")
	}
	var err error
	if r.ref, err = keys.ParseRef(o.to); err != nil {
		return nil, err
	}
	if r.ref.Scheme() == keyring.Scheme {
		return nil, fault.New(fault.UsageInvalid, "the new key is recorded by this command, and %q is in the keyring already", r.ref).
			WithHint("name the place of a key that is not: --to KEY --existing")
	}
	if err := r.readTimes(); err != nil {
		return nil, err
	}
	if !o.existing {
		if err := o.key.check(r.ref); err != nil {
			return nil, err
		}
	}
	if err := atomicfile.Check(o.output.path, atomicfile.Options{Force: o.output.force}); err != nil {
		return nil, err
	}
	r.drivers, err = s.drivers(&o.secrets)
	return r, err
}

func (r *rotation) readTimes() error {
	r.until = r.now
	if r.reason() == statement.Planned {
		span, err := parseSpan(flagOverlap, r.overlap)
		if err != nil {
			return err
		}
		r.until = r.now.Add(span).Truncate(time.Second)
	}
	r.effective = r.now
	if r.keysRotateOptions.effective == "" {
		return nil
	}
	var err error
	r.effective, err = parseInstant(flagEffective, r.keysRotateOptions.effective)
	return err
}

func runKeysRotate(ctx context.Context, s *session, o *keysRotateOptions, name string) error {
	r, err := o.plan(s, name)
	if err != nil {
		return err
	}
	if _, err := s.openTrail(); err != nil {
		return err
	}
	contents, err := s.keyring().Read()
	if err != nil {
		return err
	}
	old, err := r.check(contents)
	if err != nil {
		return err
	}
	var oldSigner dsse.Signer // opened before a key is made: a wrong PIN then costs nothing
	if r.reason() == statement.Planned {
		if oldSigner, err = r.openOld(ctx, s); err != nil {
			return err
		}
	}
	made, err := r.newKey(ctx, s)
	if err != nil {
		return err
	}
	if err := r.finish(ctx, s, old, oldSigner, made); err != nil {
		return fault.Wrap(fault.ReasonOf(err), err, "the new key is there, and does not follow %q yet", name).
			WithHint("run the command again with --existing --to '%s'", made.ref)
	}
	return s.ui.Show(newKeysRotateResult(r, old, made))
}

// use is what the audit log says of both signatures of a rotation.
func (r *rotation) use() audit.Use {
	return audit.Use{Content: audit.Content{PredicateType: predicate.TypeKeyRotation, SubjectCount: 2}}
}

func (r *rotation) openOld(ctx context.Context, s *session) (dsse.Signer, error) {
	ref, err := keys.ParseRef(keyring.Scheme + ":" + r.name)
	if err != nil {
		return nil, err
	}
	return s.trail.open(r.use(), ref, func() (dsse.Signer, error) { return s.openKey(ctx, r.drivers, ref) })
}

// check refuses an old key that no other can follow, and fixes the new name.
func (r *rotation) check(c *keyring.Contents) (*keyring.Entry, error) {
	old, err := c.Find(r.name)
	if err != nil {
		return nil, err
	}
	if r.keysRotateOptions.name == "" {
		r.keysRotateOptions.name = c.FreeName(r.name)
	} else if _, err := c.Find(r.keysRotateOptions.name); err == nil {
		return nil, fault.New(fault.UsageInvalid, "the keyring has a key %q already", r.keysRotateOptions.name).WithHint("choose another --name")
	}
	if old.Successor != "" {
		return nil, fault.New(fault.UsageInvalid, "key %q is followed by %q already", r.name, old.Successor).
			WithHint("rotate that one: stella keys rotate %s", old.Successor)
	}
	if end := old.Key.NotAfter; !end.IsZero() && r.until.After(end) {
		r.until = end.Truncate(time.Second)
	}
	return old, nil
}

// newKey makes the new key, or opens the one that is there.
func (r *rotation) newKey(ctx context.Context, s *session) (*madeKey, error) {
	made := &madeKey{ref: r.ref}
	var err error
	if !r.existing {
		if made, err = r.key.make(ctx, s, r.ref, r.drivers, s.person()); err != nil || made.signer != nil {
			return made, err
		}
	}
	if made.signer, err = s.openKey(ctx, r.drivers, made.ref); err != nil {
		return nil, err
	}
	made.public = made.signer.Public()
	made.ref, err = anywhere(made.ref)
	return made, err
}

// finish writes statement and keyring. The statement gets its name just before
// the keyring is written, so that no failure leaves a keyring whose statement
// nobody has.
func (r *rotation) finish(ctx context.Context, s *session, old *keyring.Entry, oldSigner dsse.Signer, made *madeKey) error {
	signers := []dsse.Signer{made.signer}
	if oldSigner != nil {
		signers = append(signers, oldSigner)
	}
	if err := s.config.Profile.Sign(publicKeys(signers)...); err != nil {
		return err
	}
	next := keyring.Entry{Key: made.describe(), State: keyring.Active, Reference: made.ref}
	next.Key.Name, next.Key.Holder, next.Key.Roles = r.keysRotateOptions.name, old.Key.Holder, old.Key.Roles
	next.Key.Tenant, next.Key.NotBefore = old.Key.Tenant, r.now
	if err := next.Key.Complete(); err != nil {
		return err
	}
	event := keyring.Generated
	if r.existing {
		event = keyring.Imported
	}
	next.Note(r.now, event, "%s", made.ref)
	out, err := r.output.create(ctx, s)
	if err != nil {
		return err
	}
	defer out.Abort()
	document := statement.Rotation{
		Reason: r.reason(), Holder: old.Key.Holder, Roles: old.Key.Roles, Old: old.Key, New: next.Key,
		NotBefore: r.now, OverlapUntil: r.until, IssuedAt: r.now,
	}
	newSigner, err := s.trail.signer(r.use(), made.ref, made.signer)
	if err != nil {
		return err
	}
	if err := document.Write(ctx, out, oldSigner, newSigner); err != nil {
		return err
	}
	if err := s.trail.checkpoint(); err != nil {
		return err
	}
	return s.keyring().Update(ctx, func(c *keyring.Contents) error {
		if err := r.apply(c, next); err != nil {
			return err
		}
		if err := c.Check(); err != nil {
			return err
		}
		return out.Commit()
	})
}

// apply changes the keyring.
func (r *rotation) apply(c *keyring.Contents, next keyring.Entry) error {
	detail := map[statement.Reason]string{
		statement.Planned: "both keys signed", statement.Lost: "the old key was lost", statement.Compromised: "the old key was compromised",
	}[r.reason()]
	if r.reason() == statement.Planned {
		old, err := c.Find(r.name)
		if err != nil {
			return err
		}
		if err := old.MaySign(r.now); err != nil { // another process may have revoked it meanwhile
			return err
		}
	}
	if err := c.Succeed(r.name, next, r.until, r.now, detail); err != nil {
		return err
	}
	old, err := c.Find(r.name)
	if err != nil || r.reason() != statement.Compromised {
		return err
	}
	effective := r.effective
	if old.State == keyring.Revoked && effective.After(old.Key.RevokedAt) {
		effective = old.Key.RevokedAt
	}
	_, err = c.Revoke(r.name, "keyCompromise", effective, r.now)
	return err
}

type keysRotateResult struct {
	Old          string           `json:"old"`
	OldKeyID     string           `json:"oldKeyId"`
	New          string           `json:"new"`
	NewKeyID     string           `json:"newKeyId"`
	Reference    string           `json:"reference"`
	PublicKey    string           `json:"publicKey,omitempty"`
	Reason       statement.Reason `json:"reason"`
	OverlapUntil time.Time        `json:"overlapUntil"`
	Output       string           `json:"output"`
}

func newKeysRotateResult(r *rotation, old *keyring.Entry, made *madeKey) *keysRotateResult {
	oldID, _ := dsse.KeyID(old.Key.Public) // have one: they are in the keyring
	newID, _ := dsse.KeyID(made.public)
	return &keysRotateResult{
		Old: r.name, OldKeyID: oldID, New: r.keysRotateOptions.name, NewKeyID: newID, Reference: made.ref.String(),
		PublicKey: made.publicFile, Reason: r.reason(), OverlapUntil: r.until, Output: r.output.path,
	}
}

// Text implements ui.Result.
func (r *keysRotateResult) Text(p *ui.Printer) {
	stamp := r.OverlapUntil.Format(time.RFC3339)
	fate := map[statement.Reason]string{
		statement.Planned: "signs until " + stamp, statement.Lost: "lost, retired", statement.Compromised: "compromised, revoked",
	}[r.Reason]
	p.Pairs(
		ui.P("old key", ui.T(fmt.Sprintf("%s (%s)  ", r.Old, fate)), p.Digest(r.OldKeyID)),
		ui.P("new key", ui.Styled(ui.Strong, r.New), ui.T("  "), p.Digest(r.NewKeyID)),
		ui.P("where", ui.T(r.Reference)),
		ui.P("written to", ui.T(r.Output)),
	)
	if r.Reason == statement.Planned {
		p.Line(ui.Styled(ui.Faint, "next: sign with --key keyring:"+r.New+", and give "+r.Output+" to those who publish trust"))
		return
	}
	p.Line(ui.Styled(ui.Bad, "the old key did not sign: only a trust bundle can introduce the new key to others"))
	if r.Reason == statement.Compromised {
		p.Line(ui.Styled(ui.Faint, "next: stella keys revoke "+r.Old+" --reason keyCompromise -o FILE writes the revocation for those who publish trust"))
	}
}
