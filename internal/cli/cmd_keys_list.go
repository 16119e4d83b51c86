package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

func newKeysListCommand(a *app) *cobra.Command {
	opts := keysListOptions{}
	cmd := &cobra.Command{
		Use:   "list [REF]",
		Short: "list the keys of the keyring, or of a device",
		Long: `List the keys of the keyring: what each is used for, how long it signs, who
holds it and where it is.

With --driver, list what a driver sees, all of it or what REF covers. No secret
is asked for, so what only a login would show is not listed.`,
		Example: `  stella keys list
  stella keys list --format json`,
		Args: wantAtMost("REF"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKeysList(cmd.Context(), s, &opts, args)
		},
	}
	cmd.Annotations = exits(fault.ExitMissing, fault.ExitTemporary)
	cmd.Flags().StringVar(&opts.driver, flagDriver, "", "list what the driver of `SCHEME` sees, such as pkcs11")
	addKeyring(cmd.Flags())
	return cmd
}

const flagDriver = "driver"

type keysListOptions struct{ driver string }

func runKeysList(ctx context.Context, s *session, o *keysListOptions, args []string) error {
	if o.driver == "" && len(args) == 0 {
		contents, err := s.keyring().Read()
		if err != nil {
			return err
		}
		return s.ui.Show(newKeyringResult(s.keyring(), contents, s.Now()))
	}
	found, notes, err := o.list(ctx, s, args)
	if err != nil {
		return err
	}
	s.showNotes(notes)
	return s.ui.Show(newListedResult(found))
}

// list asks the driver that the flag or the reference names what it sees.
func (o *keysListOptions) list(ctx context.Context, s *session, args []string) ([]keys.Listed, []keys.Note, error) {
	if len(args) == 0 {
		return s.list(ctx, o.driver, o.driver+":")
	}
	ref, err := keys.ParseRef(args[0])
	if err != nil {
		return nil, nil, err
	}
	if o.driver != "" && ref.Scheme() != o.driver {
		return nil, nil, fault.New(fault.UsageInvalid, "%q is no reference of --driver %s", ref, o.driver)
	}
	return s.list(ctx, ref.Scheme(), args[0])
}

// list asks a driver what it sees of a reference.
func (s *session) list(ctx context.Context, scheme, text string) ([]keys.Listed, []keys.Note, error) {
	drivers, err := s.driversWith(keys.NoPassphrases)
	if err != nil {
		return nil, nil, err
	}
	driver, err := drivers.Driver(scheme)
	if err != nil {
		return nil, nil, err
	}
	lister, ok := driver.(keys.Lister)
	if !ok {
		return nil, nil, fault.New(fault.UsageInvalid, "keys of scheme %q cannot be listed", scheme).
			WithHint("stella keys list shows the keyring; a file is shown by stella keys show FILE")
	}
	ref, err := keys.ParseRef(text)
	if err != nil {
		return nil, nil, err
	}
	return lister.List(ctx, ref)
}

// keyringResult is what the keyring holds.
type keyringResult struct {
	Keyring string         `json:"keyring"`
	Keys    []keyringEntry `json:"keys"`
	now     time.Time
}

type keyringEntry struct {
	shownKey
	State     keyring.State `json:"state"`
	Reference string        `json:"reference,omitempty"`
	Successor string        `json:"successor,omitempty"`
	// MaySign says whether the key signs now.
	MaySign bool `json:"maySign"`
}

func newKeyringEntry(e *keyring.Entry, now time.Time) keyringEntry {
	out := keyringEntry{
		shownKey: shownKeys([]keys.TrustedKey{e.Key})[0], State: e.State, Successor: e.Successor, MaySign: e.MaySign(now) == nil,
	}
	out.Certificate = len(e.Certificates) > 0
	if e.HasReference() {
		out.Reference = e.Reference.String()
	}
	return out
}

func newKeyringResult(ring *keyring.Keyring, c *keyring.Contents, now time.Time) *keyringResult {
	r := &keyringResult{Keyring: ring.Dir(), Keys: []keyringEntry{}, now: now}
	for i := range c.Entries {
		r.Keys = append(r.Keys, newKeyringEntry(&c.Entries[i], now))
	}
	return r
}

// Text implements ui.Result.
func (r *keyringResult) Text(p *ui.Printer) {
	if len(r.Keys) == 0 {
		p.Line(ui.T("no keys in the keyring " + r.Keyring))
		p.Line(ui.Styled(ui.Faint, "next: stella keys generate -o KEY --name NAME, or stella keys import KEY --name NAME"))
		return
	}
	rows := make([][]ui.Text, len(r.Keys))
	for i, k := range r.Keys {
		style := ui.Good
		if !k.MaySign {
			style = ui.Faint
		}
		rows[i] = []ui.Text{
			ui.Styled(ui.Strong, k.Name), ui.Styled(style, k.use(r.now)), ui.T(k.Algorithm), ui.T(rfc3339(k.NotAfter)),
			ui.T(k.Holder), ui.T(k.Reference),
		}
	}
	p.Table([]string{"NAME", "STATE", "ALGORITHM", "NOT AFTER", "HOLDER", "WHERE"}, rows)
}

// use is the state in a word or two, with what the window makes of it.
func (k *keyringEntry) use(now time.Time) string {
	switch {
	case k.State == keyring.Active && k.NotBefore != nil && now.Before(*k.NotBefore):
		return "not yet"
	case k.State == keyring.Active && k.NotAfter != nil && now.After(*k.NotAfter):
		return "expired"
	}
	return string(k.State)
}

// listedResult is what a driver sees.
type listedResult struct {
	Keys []listedKey `json:"keys"`
}

type listedKey struct {
	Reference string `json:"reference"`
	Label     string `json:"label,omitempty"`
	Algorithm string `json:"algorithm,omitempty"`
	KeyID     string `json:"keyId,omitempty"`
	Where     string `json:"where,omitempty"`
}

func newListedResult(found []keys.Listed) *listedResult {
	r := &listedResult{Keys: []listedKey{}}
	for _, l := range found {
		k := listedKey{Reference: l.Ref.String(), Label: l.Label, Algorithm: string(l.Algorithm), Where: l.Where}
		if id, err := dsse.KeyID(l.Public); l.Public != nil && err == nil {
			k.KeyID = id
		}
		r.Keys = append(r.Keys, k)
	}
	return r
}

// Text implements ui.Result.
func (r *listedResult) Text(p *ui.Printer) {
	if len(r.Keys) == 0 {
		p.Line(ui.T("no keys"))
		return
	}
	rows := make([][]ui.Text, len(r.Keys))
	for i, k := range r.Keys {
		rows[i] = []ui.Text{ui.Styled(ui.Strong, k.Reference), ui.T(k.Label), ui.T(k.Algorithm), ui.T(k.Where)}
	}
	p.Table([]string{"REFERENCE", "LABEL", "ALGORITHM", "WHERE"}, rows)
}
