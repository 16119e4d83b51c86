//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"strings"
	"sync"

	"github.com/miekg/pkcs11"

	"github.com/stellaops/stella/internal/fault"
)

// module is a loaded library.
//
// C_Initialize belongs to the process, and crypto11 insists on calling it
// itself. So a module is initialized by us only while we look around in it, and
// by crypto11 from the first token in use to the last.
type module struct {
	path string
	p11  *pkcs11.Ctx

	mu     sync.Mutex // one of the below at a time; held over calls that may hang
	tokens map[uint]*token
}

// loadModule loads a library and keeps it: unloading crashes some of them.
func loadModule(path string) (*module, error) {
	if err := checkLibrary(path); err != nil {
		return nil, err
	}
	p11 := pkcs11.New(path)
	if p11 == nil {
		return nil, moduleFault(path, "cannot be loaded").
			WithHint("it is of another architecture, or a library that it needs is missing: see \"ldd %s\"", path)
	}
	return &module{path: path, p11: p11, tokens: make(map[uint]*token)}, nil
}

// visit runs f while the module is initialized.
func (m *module) visit(f func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.tokens) > 0 {
		return f()
	}
	err := m.p11.Initialize()
	switch {
	case err == nil:
		defer func() { _ = m.p11.Finalize() }() // there is nothing left that could fail
	case code(err) != pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED: // else another part of the program ends it
		return moduleFault(m.path, "does not start: %s", says(err)).
			WithHint("see the module's own documentation for its configuration and its log")
	}
	return f()
}

// tokenInfo is what a token says about itself. The strings are whatever its
// owner and maker wrote.
type tokenInfo struct {
	slot                               uint
	label, manufacturer, model, serial string
	flags                              uint
	sessions                           int // how many a program may have, 0 for any number
	minPIN, maxPIN                     uint
}

func (t tokenInfo) has(flag uint) bool { return t.flags&flag != 0 }

// fits tells whether a reference means this token.
func (t tokenInfo) fits(u URI) bool {
	slot, bySlot := u.slot()
	return fits(u.Token, t.label) && fits(u.Manufacturer, t.manufacturer) && fits(u.Model, t.model) &&
		fits(u.Serial, t.serial) && (!bySlot || slot == t.slot)
}

func fits(wanted, found string) bool { return wanted == "" || wanted == found }

// same tells whether two tokens are one, seen through two modules.
func (t tokenInfo) same(other tokenInfo) bool {
	return t.serial != "" && t.serial == other.serial && t.label == other.label &&
		t.manufacturer == other.manufacturer && t.model == other.model
}

// uri returns what names the token whatever slot it is in.
func (t tokenInfo) uri() URI {
	return URI{Token: text(t.label), Serial: text(t.serial)}
}

// text leaves out what a URI cannot say.
func text(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
}

// maxSlots bounds the slots of one module that are looked at.
const maxSlots = 256

// list returns the initialized tokens of a module that is initialized. One that
// goes away while it is asked is not there.
func (m *module) list() ([]tokenInfo, error) {
	slots, err := m.p11.GetSlotList(true)
	if err != nil {
		return nil, moduleFault(m.path, "does not list its slots: %s", says(err))
	}
	var out []tokenInfo
	for _, slot := range slots[:min(len(slots), maxSlots)] {
		if t, err := m.info(slot); err == nil && t.has(pkcs11.CKF_TOKEN_INITIALIZED) {
			out = append(out, t)
		}
	}
	return out, nil
}

func (m *module) info(slot uint) (tokenInfo, error) {
	t, err := m.p11.GetTokenInfo(slot)
	if err != nil {
		return tokenInfo{}, err
	}
	trim := func(s string) string { return strings.TrimRight(s, " \x00") }
	return tokenInfo{
		slot: slot, flags: t.Flags, sessions: sessionLimit(t), minPIN: t.MinPinLen, maxPIN: t.MaxPinLen,
		label: trim(t.Label), manufacturer: trim(t.ManufacturerID), model: trim(t.Model), serial: trim(t.SerialNumber),
	}, nil
}

// sessionLimit returns the smaller of a token's two limits, 0 for none.
func sessionLimit(t pkcs11.TokenInfo) int {
	limit := uint(0)
	for _, n := range []uint{t.MaxSessionCount, t.MaxRwSessionCount} {
		if n != pkcs11.CK_EFFECTIVELY_INFINITE && n != pkcs11.CK_UNAVAILABLE_INFORMATION && (limit == 0 || n < limit) {
			limit = n
		}
	}
	return int(min(limit, 1<<20))
}

// acquire returns a token that is in use, by one more.
func (m *module) acquire(want tokenInfo) (*token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.tokens[want.slot]; t != nil && t.same(want) && !t.lost.Load() {
		t.uses.Add(1)
		return t, nil
	}
	t, err := m.attach(want)
	if err != nil {
		return nil, err
	}
	m.tokens[want.slot] = t
	return t, nil
}

// attach begins to use a token.
func (m *module) attach(want tokenInfo) (*token, error) {
	if want.sessions == 1 {
		return nil, fault.New(fault.KeyUnsupported, "token %q allows one session, and signing takes several", want.label)
	}
	t := &token{tokenInfo: want, module: m, gate: make(chan nothing, 1)}
	anchor, err := t.connect()
	if err != nil {
		return nil, err
	}
	t.anchor = anchor
	found, err := m.info(want.slot)
	if err == nil && !(found.label == want.label && found.serial == want.serial) {
		err = fault.New(fault.DeviceFailed, "token %q went away while it was opened", want.label)
	}
	if err == nil {
		t.session, err = m.p11.OpenSession(want.slot, pkcs11.CKF_SERIAL_SESSION)
	}
	if err != nil {
		_ = anchor.Close()
		return nil, failed(want, "opening a session", err)
	}
	t.uses.Add(1)
	return t, nil
}
