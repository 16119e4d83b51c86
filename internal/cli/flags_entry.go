package cli

import (
	"context"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

// entryFlags say how a key is recorded in the keyring.
type entryFlags struct {
	name      string
	holder    string
	roles     []string
	tenant    string
	notBefore string
	notAfter  string
}

// The flags that make sense with --name only.
const (
	flagHolder    = "holder"
	flagRole      = "role"
	flagTenant    = "tenant"
	flagNotBefore = "not-before"
	flagNotAfter  = "not-after"
)

// AddFlags registers the flags.
func (f *entryFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&f.name, "name", "", "record the key in the keyring as `NAME`: sign with --key keyring:NAME")
	fs.StringVar(&f.holder, flagHolder, "", "`WHO` holds the key; thresholds count holders")
	fs.StringArrayVar(&f.roles, flagRole, nil, "a `ROLE` that the holder fills; repeatable")
	fs.StringVar(&f.tenant, flagTenant, "", "the `TENANT` that the key is for")
	fs.StringVar(&f.notBefore, flagNotBefore, "", "the key signs from `TIME` on (RFC 3339, or a span such as 7d)")
	fs.StringVar(&f.notAfter, flagNotAfter, "", "the key signs until `TIME` (RFC 3339, or a span such as 365d)")
	addKeyring(fs)
}

// check refuses what no key can help, before any is made: without a name, what
// only the keyring keeps; with one, a name that is taken and what it cannot keep.
func (f *entryFlags) check(s *session, fs *pflag.FlagSet) error {
	if f.name == "" {
		for _, flag := range []string{flagHolder, flagRole, flagTenant, flagNotBefore, flagNotAfter} {
			if fs.Changed(flag) {
				return fault.New(fault.UsageInvalid, "--%s is kept in the keyring, and the key has no name there", flag).
					WithHint("say under which: --name NAME")
			}
		}
		return nil
	}
	contents, err := s.keyringToFill().Read()
	if err != nil {
		return err
	}
	standIn, err := keys.Generate(keys.Ed25519) // any key will do to try the rest of the entry
	if err != nil {
		return err
	}
	entry, err := f.entry(s, keys.TrustedKey{Public: standIn.Public()}, keys.FileRef("/"))
	if err != nil {
		return err
	}
	if err := contents.Add(*entry); err != nil {
		return err
	}
	if _, err = contents.Marshal(); err != nil {
		return fault.Wrap(fault.UsageInvalid, err, "the keyring cannot keep key %q", f.name)
	}
	return nil
}

// entry returns the entry of a key, of which k has the public half and how it
// signs. Without a reference it only verifies.
func (f *entryFlags) entry(s *session, k keys.TrustedKey, ref keys.Ref) (*keyring.Entry, error) {
	k.Name, k.Holder, k.Roles, k.Tenant = f.name, f.holder, f.roles, f.tenant
	e := &keyring.Entry{Key: k, State: keyring.Active, Reference: ref}
	if !e.HasReference() {
		e.State = keyring.VerifyOnly
	}
	for _, bound := range []struct {
		flag, text string
		to         *time.Time
	}{{flagNotBefore, f.notBefore, &e.Key.NotBefore}, {flagNotAfter, f.notAfter, &e.Key.NotAfter}} {
		if bound.text == "" {
			continue
		}
		t, err := parseMoment(bound.flag, bound.text, s.Now())
		if err != nil {
			return nil, err
		}
		*bound.to = t.Truncate(time.Second)
	}
	return e, e.Key.Complete()
}

// record puts a key into the keyring, if it is to have a name there.
func (f *entryFlags) record(ctx context.Context, s *session, e *keyring.Entry, event string) error {
	where := "the public half alone"
	if e.HasReference() {
		where = e.Reference.String()
	}
	e.Note(s.Now(), event, "%s", where)
	return s.keyringToFill().Update(ctx, func(c *keyring.Contents) error { return c.Add(*e) })
}

// anywhere returns a reference that means the same in every working directory.
func anywhere(ref keys.Ref) (keys.Ref, error) {
	for _, option := range []string{keys.OptionPassphraseFile, keys.OptionPINFile} {
		if value, given := ref.Option(option); given {
			path, err := filepath.Abs(value)
			if err != nil {
				return ref, err
			}
			ref = ref.With(option, path)
		}
	}
	if ref.Scheme() != keys.FileScheme && !isFile(ref.Name()) {
		return ref, nil
	}
	path, err := filepath.Abs(ref.Name())
	return ref.WithName(path), err
}
