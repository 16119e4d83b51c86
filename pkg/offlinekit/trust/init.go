package trust

import (
	"context"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// The events of a bundle's history.
const (
	eventInit   = "init"
	eventImport = "import"
	eventRoot   = "root"
	eventReset  = "reset"
	eventRefuse = "refused"
)

// Init makes the bundle called name, which believes what the root in raw leads to,
// and nobody else. want is the SHA-256 of the file, in hex, as its publisher told it
// in another way than the file came. The root may have expired: the roots after it
// are followed from it. Done twice with the same root it changes nothing.
//
// The errors: fault.UsageInvalid; fault.TrustPin; fault.TrustMalformed;
// fault.TrustSignature; fault.TrustExists; fault.TrustFailed, fault.TrustBusy.
func (h *Home) Init(ctx context.Context, name, path string, raw []byte, want string, now time.Time) (*Status, error) {
	b, err := h.bundle(name)
	if err != nil {
		return nil, err
	}
	want = strings.ToLower(strings.TrimPrefix(want, "sha256:"))
	if !strictjson.IsSHA256(want) {
		return nil, fault.New(fault.UsageInvalid, "%.100q is not a SHA-256 in hex", want).
			WithHint("ask the publisher for the digest of root.json; it has 64 digits")
	}
	sum := digest(raw)
	if sum != want {
		return nil, fault.New(fault.TrustPin, "%s has the SHA-256 %s, not %s", input.Display(path), sum, want).
			With("found", sum).With("expected", want).
			WithHint("do not use this file; get root.json and its digest from the publisher, each in another way")
	}
	root, err := parseRoot(path, raw)
	if err != nil {
		return nil, err
	}
	err = b.locked(ctx, func() error { return b.init(ctx, root, now) })
	if err != nil {
		return nil, err
	}
	return h.Status(name, now)
}

func (b *bundle) init(ctx context.Context, root *signed[metadata.RootType], now time.Time) error {
	sum := digest(root.raw)
	known, err := b.read()
	switch {
	case err == nil && known.pinned == sum:
		return nil
	case err == nil:
		return fault.New(fault.TrustExists, "there is a trust bundle %q already, from another root: sha256:%s", b.name, known.pinned).
			With("path", b.dir).WithHint("give the new one a name of its own: --name NAME")
	case fault.ReasonOf(err) != fault.TrustNotFound:
		return err
	}
	s := &state{name: b.name, pinned: sum, roots: []file{{metadata.ROOT, root.version, sum}}}
	s.note(now, eventInit, "root version "+strictjson.Number(root.version)+", sha256:"+sum)
	return b.commit(ctx, s, map[string][]byte{sum: root.raw})
}
