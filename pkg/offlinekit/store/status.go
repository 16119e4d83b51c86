package store

import (
	"os"
	"path/filepath"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// Status is where a channel stands.
type Status struct {
	Channel string `json:"channel"`
	Active  *Held  `json:"active"`
	// Previous is the kit that can be gone back to; nil for none.
	Previous *Held `json:"previous,omitempty"`
	// Highest is the highest version that was ever active.
	Highest int64   `json:"highestVersion"`
	History []Event `json:"history"`
}

// Held is a kit that is kept.
type Held struct {
	*Kit
	// Path is its directory.
	Path string `json:"path"`
	// AgeSeconds is the time since it was built, in seconds; negative if the clock is
	// behind that.
	AgeSeconds int64 `json:"ageSeconds"`
}

// Status says where the channel called name stands. Nothing is written, and no file of
// a kit is read: Rollback and offline-kit verify do that. The errors:
// fault.KitNotFound; fault.KitFailed, also if the directory of the active kit is not
// there; fault.StateUnusable.
func (s *Store) Status(name string, now time.Time) (*Status, error) {
	c, err := s.channel(name)
	if err != nil {
		return nil, err
	}
	state, err := c.current()
	if err != nil {
		return nil, err
	}
	out := &Status{Channel: name, Active: c.held(state.active, now), Highest: state.highest, History: state.history}
	if state.previous != nil {
		out.Previous = c.held(state.previous, now)
	}
	if info, err := os.Lstat(out.Active.Path); err != nil || !info.IsDir() {
		return nil, fault.New(fault.KitFailed, "version %d of channel %q is active, and its directory %q is not there", state.active.Version, name, out.Active.Path).
			With("path", out.Active.Path).WithHint("%s", unpackAnew)
	}
	return out, nil
}

func (c *channel) held(k *Kit, now time.Time) *Held {
	return &Held{Kit: k, Path: filepath.Clean(c.path(k)), AgeSeconds: int64(now.Sub(k.CreatedAt).Seconds())}
}

// Stale returns fault.KitStale if the active kit is older than most.
func (s *Status) Stale(most time.Duration) error {
	if time.Duration(s.Active.AgeSeconds)*time.Second <= most {
		return nil
	}
	return fault.New(fault.KitStale, "the active kit of channel %q, version %d, was built at %s, longer ago than %s", s.Channel, s.Active.Version, stamp(s.Active.CreatedAt), most).
		With("channel", s.Channel).With("version", strictjson.Number(s.Active.Version)).With("createdAt", stamp(s.Active.CreatedAt)).
		WithHint("get the newest kit of the channel and import it")
}

// Interrupted returns the directories of kits that no channel refers to: what an import
// has left that was interrupted, or what one that is running has unpacked so far. The
// next import of the channel removes them. What cannot be read is left out.
func (s *Store) Interrupted() []string {
	var out []string
	for _, e := range entriesOf(s.dir) {
		c, err := s.channel(e.Name())
		if err != nil {
			continue // not a channel's name
		}
		if state, err := c.read(); err == nil {
			out = append(out, c.strays(state)...)
		}
	}
	return out
}
