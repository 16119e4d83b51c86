package cli

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// trail is what one command leaves in the audit log. It is safe for concurrent
// use.
type trail struct {
	path    string
	log     *audit.Log // nil for none
	request audit.Request

	mu    sync.Mutex
	count uint64
	first uint64
	last  uint64
}

// openTrail opens the audit log, once for a command. It comes before any key is
// opened: what cannot be recorded does not happen.
func (s *session) openTrail() (*trail, error) {
	if s.trail != nil {
		return s.trail, nil
	}
	t := &trail{}
	if s.config.AuditLog == auditNone {
		s.trail = t
		return t, nil
	}
	path, err := s.auditLog()
	if err != nil {
		return nil, err
	}
	t.path = path
	t.request = audit.Request{
		Operation: s.command, Issuer: "keyed", Entitlement: "n/a",
		Caller: s.caller(), RequestID: newRequestID(), TraceID: s.traceID(),
	}
	if t.log, err = audit.Open(path, s.Now); err != nil {
		return nil, err
	}
	s.trail = t
	return t, nil
}

func (s *session) caller() string {
	if s.Caller == nil {
		return ""
	}
	return s.Caller()
}

func newRequestID() string {
	id := make([]byte, 16)
	rand.Read(id) // never fails, see crypto/rand
	return hex.EncodeToString(id)
}

// open opens the key that ref names, with everything that decides whether it may
// sign. A refusal is a record too.
func (t *trail) open(use audit.Use, ref keys.Ref, open func() (dsse.Signer, error)) (dsse.Signer, error) {
	signer, err := t.attempt(use, ref, open)
	if err != nil {
		return nil, err
	}
	return t.signer(use, ref, signer)
}

// attempt is open without recording what the signer does.
func (t *trail) attempt(use audit.Use, ref keys.Ref, open func() (dsse.Signer, error)) (dsse.Signer, error) {
	signer, err := open()
	if err == nil || t.log == nil {
		return signer, err
	}
	return nil, cmp.Or(t.failed(t.of(use, ref), err), err)
}

// signer returns a signer whose uses are recorded.
func (t *trail) signer(use audit.Use, ref keys.Ref, signer dsse.Signer) (dsse.Signer, error) {
	if t.log == nil {
		return signer, nil
	}
	return audit.NewSigner(signer, t.log, t.of(use, ref), t.wrote)
}

// of completes what is known of a use with who asked and the key that was named.
func (t *trail) of(use audit.Use, ref keys.Ref) audit.Use {
	use.Request = t.request
	use.Key = audit.Key{Source: ref.Scheme(), Ref: ref.String()}
	return use
}

// refuse records that keys which are open may not sign, and returns why.
func (t *trail) refuse(use audit.Use, refs []keys.Ref, why error) error {
	if t.log == nil {
		return why
	}
	for _, ref := range refs {
		if err := t.failed(t.of(use, ref), why); err != nil {
			return err
		}
	}
	return why
}

// failed records a key that could not be used, and why.
func (t *trail) failed(use audit.Use, err error) error {
	seq, failed := t.log.Append(audit.Entry{
		Request: use.Request, Key: use.Key, Content: use.Content, Outcome: audit.OutcomeOf(dsse.Signature{}, err),
	})
	if failed != nil {
		return failed
	}
	t.wrote(seq)
	return nil
}

func (t *trail) wrote(seq uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == 0 {
		t.first = seq
	}
	t.count++
	t.first, t.last = min(t.first, seq), max(t.last, seq)
}

// checkpoint signs where the log stands, before what it is about is released.
func (t *trail) checkpoint() error {
	if t == nil || t.log == nil {
		return nil
	}
	return t.log.Checkpoint()
}

func (t *trail) close() error {
	if t == nil || t.log == nil {
		return nil
	}
	return t.log.Close()
}

// auditResult says where the uses of a command are recorded.
type auditResult struct {
	Recorded bool   `json:"recorded"`
	Log      string `json:"log,omitempty"`
	Count    uint64 `json:"count,omitempty"`
	First    uint64 `json:"first,omitempty"`
	Last     uint64 `json:"last,omitempty"`
}

func (t *trail) result() auditResult {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.log == nil {
		return auditResult{}
	}
	return auditResult{true, t.path, t.count, t.first, t.last}
}

func (r auditResult) pair() ui.Pair {
	text := fmt.Sprintf("record %d in %s", r.First, r.Log)
	switch {
	case !r.Recorded:
		text = "not audited"
	case r.Count > 1:
		text = fmt.Sprintf("%d records, %d to %d, in %s", r.Count, r.First, r.Last, r.Log)
	}
	return ui.P("audit", ui.T(text))
}
