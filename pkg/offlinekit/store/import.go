package store

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/filelock"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// Judge verifies the statement over a kit by trust, and returns the holders of the
// signatures that count. Its error is nil if and only if the statement is about the
// manifest of the header and signed as the trust demands.
type Judge func(ctx context.Context, h *offlinekit.Header, by *trust.Active) (signers []string, err error)

// ImportOptions say how a kit is imported.
type ImportOptions struct {
	// Now is the time of the import, by the system's clock.
	Now time.Time
	// Trust are the trust bundles. The one called TrustName judges the kit, after it was
	// brought to what the kit has.
	Trust     *trust.Home
	TrustName string
	// CheckPolicy judges a policy.yaml in the trust of a kit; nil accepts any.
	CheckPolicy func(text []byte, source string) error
	// Judge verifies the statement.
	Judge Judge
	// Channel is the channel that the kit must be of; "" takes any.
	Channel string
	// ForceReason makes a kit active that is not newer, and says why; "" refuses it.
	ForceReason string
	// By names who imports, for the history; it may be empty.
	By string
	// DryRun verifies everything and changes nothing.
	DryRun bool
}

// Imported is what an import did, or how far it came.
type Imported struct {
	Channel string
	// Kit is the kit, and Path its directory; nil and "" before it is known to be good,
	// and "" where a dry run would make one.
	Kit  *Kit
	Path string
	// Before is the kit that was active until then; nil for none.
	Before *Kit
	// Already says that the kit was active already: it was verified, and so were its
	// files where they are, and nothing was written.
	Already bool
	// Forced says that it is not newer than all before.
	Forced bool
	DryRun bool
	// TrustName is the bundle that judged the kit. Trust is what the kit did to it; nil
	// if that was nothing. TrustKept is why it stayed as it was: the kit's was older.
	TrustName string
	Trust     *trust.Imported
	TrustKept error
	// Quarantined is where a kit that failed is kept; nil for nowhere, and then
	// QuarantineFailed is why, if it should be.
	Quarantined      *Report
	QuarantineFailed error
}

// Import makes the kit in source the active one of its channel, if the kit is whole,
// newer than all before, and signed by whom the trust bundle says, with what the kit
// itself brings to that. Trust that is newer stays, whatever becomes of the kit. A
// kit that fails goes into quarantine. Imported is not nil also where it failed.
//
// Of a kit that is active already the files in its directory are verified too. One that
// is not what it should be is an error, and no fault of the kit.
//
// The errors: those of offlinekit.Read, of trust.Home.Import and of Judge;
// fault.KitChannel, KitUnsigned, KitVersion, KitReused; fault.KitSpace, KitFailed,
// KitBusy, StateUnusable; the cause of ctx. Trust in the kit that is only older than
// the bundle's is no error: it stays out.
func (s *Store) Import(ctx context.Context, source *offlinekit.Source, o ImportOptions) (*Imported, error) {
	i := &importing{ctx: ctx, store: s, source: source, o: &o, out: &Imported{DryRun: o.DryRun, TrustName: o.TrustName}}
	if _, err := o.Trust.Status(o.TrustName, o.Now); err != nil {
		return i.out, err // before anything is read: no kit is to blame for it
	}
	err := i.run()
	switch {
	case err == nil && i.out.Already:
		err = i.standing()
	case err != nil && !o.DryRun && i.blamed(err):
		i.out.Quarantined, i.out.QuarantineFailed = i.quarantine(err)
	}
	return i.out, err
}

// importing is one import. It implements offlinekit.Sink.
type importing struct {
	ctx    context.Context
	store  *Store
	source *offlinekit.Source
	o      *ImportOptions
	out    *Imported

	header   *offlinekit.Header
	contents *offlinekit.Contents
	channel  *channel
	trust    offlinekit.TrustFiles
	by       *trust.Active // what judges the kit
	settled  bool          // the statement is verified
	signers  []string
	// spoilt says that a file is not what it should be: no more is written.
	spoilt bool

	lock    *filelock.Lock // nil before anything is written
	state   *state
	payload *atomicfile.Tree
}

var _ offlinekit.Sink = (*importing)(nil)

func (i *importing) run() (err error) {
	defer func() { err = i.end(err) }()
	i.contents, err = offlinekit.Read(i.ctx, i.source, i)
	err = i.unread(err)
	if err == nil && !i.settled {
		err = i.settle() // a kit of nothing but trust
	}
	switch {
	case err != nil:
		return err
	case i.spoilt:
		return fault.New(fault.Internal, "a file of the kit was not written, and nothing said why")
	}
	return i.activate()
}

// Header implements offlinekit.Sink: it refuses what the header alone tells.
func (i *importing) Header(h *offlinekit.Header) (err error) {
	i.header = h
	m := h.Manifest
	i.out.Channel = m.Channel
	switch {
	case i.o.Channel != "" && m.Channel != i.o.Channel:
		return fault.New(fault.KitChannel, "the kit %q, version %d of %s, is of channel %q, not %q", m.Name, m.Version, stamp(m.CreatedAt), m.Channel, i.o.Channel).
			With("file", offlinekit.ManifestName).With("expected", i.o.Channel).With("found", m.Channel).
			WithHint("get a kit of channel %s; is this the right medium?", i.o.Channel)
	case h.Statement == nil:
		return h.Signed()
	}
	if i.channel, err = i.store.channel(m.Channel); err != nil {
		return err
	}
	state, err := i.channel.read()
	if err != nil {
		return err
	}
	return i.admit(state)
}

// admit holds the kit to a state.
func (i *importing) admit(s *state) error {
	already, err := s.admits(i.header.Manifest, i.header.ManifestSHA256(), i.o.ForceReason != "")
	i.state, i.out.Before, i.out.Already = s, s.active, already
	i.out.Forced = err == nil && !already && i.header.Manifest.Version <= s.highest
	if already {
		i.out.Kit, i.out.Path = s.active, i.channel.path(s.active)
	}
	return err
}

// Entry implements offlinekit.Sink.
func (i *importing) Entry(e *offlinekit.Entry, content io.Reader) error {
	if strings.HasPrefix(e.Name, offlinekit.TrustDir) {
		return i.trust.Add(e, content) // nothing may be written yet
	}
	if !i.settled {
		if err := i.settle(); err != nil {
			return err
		}
	}
	if i.payload == nil || i.spoilt {
		return nil // read by the caller, to name everything that is wrong
	}
	_, err := i.payload.Add(e.Name, e.Executable, content)
	i.spoilt = err != nil
	return err
}

// settle decides whom to believe, and whether they signed.
func (i *importing) settle() error {
	i.settled = true
	var err error
	i.by, err = i.learn()
	if missing := i.trustMissing(); missing {
		i.spoilt = true // the reading ends with what is wrong; what was learnt stays
		return nil
	}
	if err != nil {
		return err
	}
	if i.signers, err = i.o.Judge(i.ctx, i.header, i.by); err != nil {
		return i.unvouched(err)
	}
	if len(i.signers) > maxSigners {
		i.signers = i.signers[:maxSigners]
	}
	if i.out.Already {
		return nil
	}
	if err := i.room(); err != nil || i.o.DryRun {
		return err
	}
	return i.begin()
}

// kitWords call the kit by what its manifest says.
func (i *importing) kitWords() string {
	m := i.header.Manifest
	return fmt.Sprintf("the kit %q, version %d of channel %q, built at %s", m.Name, m.Version, m.Channel, stamp(m.CreatedAt))
}

// wrap says of an error which kit it is about. Its reason stays.
func (i *importing) wrap(err error, format string, args ...any) *fault.Error {
	m := i.header.Manifest
	return fault.Wrap(fault.ReasonOf(err), err, format, args...).With("version", strictjson.Number(m.Version)).With("channel", m.Channel)
}

// unread says in which kit a file is not what it should be.
func (i *importing) unread(err error) error {
	ofFiles := []fault.Reason{fault.KitMismatch, fault.KitIncomplete, fault.KitUnlisted, fault.KitMalformed, fault.ArchiveMalformed, fault.InputTooLarge}
	if i.header == nil || !slices.Contains(ofFiles, fault.ReasonOf(err)) {
		return err
	}
	return i.wrap(err, "%s", i.kitWords())
}

// unlearnt says in which kit the trust is that was refused.
func (i *importing) unlearnt(err error) error {
	ofTrust := []fault.Reason{
		fault.TrustSignature, fault.TrustMalformed, fault.TrustExpired, fault.TrustMismatch, fault.TrustIncomplete, fault.ClockBehind,
	}
	if !slices.Contains(ofTrust, fault.ReasonOf(err)) {
		return err
	}
	return i.wrap(err, "trust in %s", i.kitWords())
}

// unvouched says of which kit a statement was refused.
func (i *importing) unvouched(err error) error {
	if fault.ReasonOf(err) == fault.Internal || context.Cause(i.ctx) != nil {
		return err
	}
	f := i.wrap(err, "%s of %s, by trust %q", offlinekit.StatementName, i.kitWords(), i.o.TrustName).With("file", offlinekit.StatementName)
	if fault.HintOf(err) != "" {
		return f
	}
	return f.WithHint("get the kit anew from who publishes it; stella trust show lists whose signatures count")
}

// learn imports the kit's trust and returns what results.
func (i *importing) learn() (*trust.Active, error) {
	source, err := i.trust.Source(i.source.Name())
	switch {
	case err != nil:
		return nil, err
	case source == nil:
		return i.o.Trust.Open(i.o.TrustName, i.o.Now, i.o.Now)
	}
	done, err := i.o.Trust.Import(i.ctx, i.o.TrustName, source, trust.ImportOptions{Now: i.o.Now, CheckPolicy: i.o.CheckPolicy, DryRun: i.o.DryRun})
	switch {
	case fault.ReasonOf(err) == fault.TrustRollback:
		// The bundle knows better already. That takes nothing from the kit: what it
		// brings is judged by the newer trust.
		i.out.TrustKept = err
		return i.o.Trust.Open(i.o.TrustName, i.o.Now, i.o.Now)
	case err != nil:
		return nil, i.unlearnt(err)
	}
	i.out.Trust = done
	return done.Open(i.o.Now, i.o.Now)
}

// trustMissing reports whether a file of the kit's trust is not there, or is not what
// the manifest says.
func (i *importing) trustMissing() bool {
	for k := range i.header.Manifest.Entries {
		e := &i.header.Manifest.Entries[k]
		if !strings.HasPrefix(e.Name, offlinekit.TrustDir) {
			break // they come first
		}
		if _, there := i.trust.Get(e); !there {
			return true
		}
	}
	return false
}
