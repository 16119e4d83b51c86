package trust

import (
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// Active is trust that verification rests on.
type Active struct {
	Status *Status
	*Contents
	// Trust are the keys, with every revocation that was ever imported.
	Trust *keys.Trust
}

// Open returns the trust of the bundle called name. Trust that has expired at the
// time is there with its Status, whose Err says so; whoever uses it decides. All
// else that stands in the way is an error: fault.TrustNotFound, fault.TrustIncomplete,
// fault.TrustSuperseded, fault.TrustFailed, and fault.ClockBehind if clock, which is
// the system's, is behind the newest time that trust was signed at.
//
// Nothing is written.
func (h *Home) Open(name string, at, clock time.Time) (*Active, error) {
	b, err := h.bundle(name)
	if err != nil {
		return nil, err
	}
	var out *Active
	err = b.steadily(func(s *state) error {
		out, err = b.open(s, b.load, at, clock)
		return err
	})
	return out, err
}

// open reads the active trust of a state. load gives the content of its files.
func (b *bundle) open(s *state, load func(file) ([]byte, error), at, clock time.Time) (*Active, error) {
	if err := s.clock(clock); err != nil {
		return nil, err
	}
	status := s.status(load, at)
	if err := status.Err(); err != nil && fault.ReasonOf(err) != fault.TrustExpired {
		return nil, err
	}
	var targets []target
	for _, f := range slices.Concat(s.active.targets, s.active.carried) {
		content, err := load(f)
		if err != nil {
			return nil, err
		}
		targets = append(targets, target{f.name, content})
	}
	out := &Active{Status: status}
	var err error
	if out.Contents, err = readContents("trust:"+b.name, targets); err != nil {
		return nil, err
	}
	out.Revocations = s.revocations
	out.Trust, err = keys.NewTrust(revoke(out.Keys, s.revocations)...)
	return out, err
}
