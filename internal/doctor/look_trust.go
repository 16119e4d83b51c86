package doctor

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// trustEndsSoon is how long before trust expires it is spoken of: a medium with newer
// trust may be on its way for that long.
const trustEndsSoon = 14 * 24 * time.Hour

func lookTrust(w *World) []Finding {
	if w.StateErr != nil {
		return []Finding{notLookedAt()}
	}
	var out []Finding
	if t := w.Trust; t.Err != nil {
		out = append(out, problem(t.Err.Error(), fault.HintOf(t.Err)))
	} else if len(t.Bundles) == 0 {
		return []Finding{note("no trust bundle: verification rests on what --key and --trust name", "")}
	}
	for i := range w.Trust.Bundles {
		out = append(out, w.lookBundle(&w.Trust.Bundles[i]))
	}
	return out
}

// lookBundle looks at a bundle. One that does not count and cannot be used is a note:
// nothing rests on it unless it is named.
func (w *World) lookBundle(b *TrustBundle) Finding {
	dir := filepath.Join(w.Trust.Dir, b.Name)
	info, err := w.Stat(dir)
	switch {
	case err != nil:
		return problem(fmt.Sprintf("trust %q: %q: %s", b.Name, dir, cause(err)), "make the directory yours")
	case othersWrite(info):
		return problem(fmt.Sprintf("trust %q can be written by other users, who decide then whom to trust", b.Name), "chmod 700 "+quote(dir))
	case b.Err != nil && b.Name == w.Trust.Active:
		return problem(b.Err.Error(), fault.HintOf(b.Err))
	case b.Err != nil:
		return note(b.Err.Error(), fault.HintOf(b.Err))
	}
	what := fmt.Sprintf("trust %q of %s, good until %s", b.Name, stamp(b.Since), stamp(b.Expires))
	if b.Expires.Sub(w.Now) < trustEndsSoon {
		return note(what+" only", "get newer trust from who publishes it: stella trust import FILE|DIR")
	}
	return ok(what)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func lookKits(w *World) []Finding {
	if w.StateErr != nil {
		return []Finding{notLookedAt()}
	}
	k := &w.Kits
	var out []Finding
	if k.Err != nil {
		out = append(out, problem(k.Err.Error(), fault.HintOf(k.Err)))
	} else if len(k.Channels) == 0 {
		out = append(out, note("no offline kit was imported", ""))
	}
	for i := range k.Channels {
		out = append(out, w.lookChannel(&k.Channels[i]))
	}
	for _, dir := range k.Interrupted {
		out = append(out, note(fmt.Sprintf("%q holds a kit that is not active: an import was interrupted, or is running", dir),
			"nothing uses it, and the next import of the channel removes it"))
	}
	return append(out, k.confined()...)
}

func (w *World) lookChannel(c *KitChannel) Finding {
	what := fmt.Sprintf("channel %q: version %d, built %s", c.Name, c.Version, stamp(c.Built))
	switch {
	case c.Err != nil:
		return problem(c.Err.Error(), fault.HintOf(c.Err))
	case c.Stale != nil:
		return problem(c.Stale.Error(), fault.HintOf(c.Stale))
	case c.Built.After(w.Now.Add(drift)):
		return problem(what+", which is ahead of the clock", "set the clock, or ask who builds the kits to set theirs")
	}
	return ok(what)
}

// confined speaks of the quarantine, if there is anything in it.
func (k *Kits) confined() []Finding {
	switch {
	case k.QuarantineErr != nil:
		return []Finding{problem(k.QuarantineErr.Error(), fault.HintOf(k.QuarantineErr))}
	case k.Quarantined > 0:
		return []Finding{note(fmt.Sprintf("%d in quarantine at %q", k.Quarantined, k.Quarantine),
			"stella offline-kit status says why; remove what you have looked at")}
	}
	return nil
}
