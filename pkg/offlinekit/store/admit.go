package store

import (
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit"
)

// admits judges a kit by its version. It reports whether the kit is the active one
// already. Forced lets a kit pass that is not newer, also the active one to be unpacked
// again; never two kits of one version.
func (s *state) admits(m *offlinekit.Manifest, digest string, forced bool) (already bool, err error) {
	if s.active != nil && s.active.ManifestSHA256 == digest {
		return !forced, nil
	}
	for _, e := range s.history {
		if e.Version == m.Version && e.ManifestSHA256 != digest {
			return false, s.reused(m, digest, e)
		}
	}
	if m.Version > s.highest || forced {
		return false, nil
	}
	return false, s.older(m, digest)
}

func (s *state) reused(m *offlinekit.Manifest, digest string, e Event) error {
	return fault.New(fault.KitReused, "this is another kit than the version %d of channel %q that was active since %s: %s has the digest sha256:%s, and had sha256:%s",
		m.Version, s.channel, stamp(e.Time), offlinekit.ManifestName, digest, e.ManifestSHA256).
		With("channel", s.channel).With("version", number(m.Version)).With("expected", "sha256:"+e.ManifestSHA256).With("found", "sha256:"+digest).
		WithHint("ask who publishes the kits: no two of them may have one version")
}

func (s *state) older(m *offlinekit.Manifest, digest string) error {
	f := fault.New(fault.KitVersion, "version %d of channel %q, built at %s, is not newer than version %d, which was active since %s",
		m.Version, s.channel, stamp(m.CreatedAt), s.highest, stamp(s.since(s.highest))).
		With("channel", s.channel).With("version", number(m.Version)).With("highest", number(s.highest)).
		With("createdAt", stamp(m.CreatedAt)).With("file", offlinekit.ManifestName)
	if s.previous != nil && s.previous.ManifestSHA256 == digest {
		return f.WithHint("this kit is kept; to go back to it: stella offline-kit rollback --channel %s --reason TEXT", s.channel)
	}
	return f.WithHint("get the newest kit of the channel; is this an old medium?")
}

// since is when a version was made active for the first time.
func (s *state) since(version int64) time.Time {
	for _, e := range s.history {
		if e.Version == version {
			return e.Time
		}
	}
	return time.Time{}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
