//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"strings"
	"sync"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Driver opens, makes and lists keys in PKCS #11 tokens. It is safe for
// concurrent use if its sources of PINs are. A program has one.
type Driver struct {
	config Config
	places places

	mu      sync.Mutex
	modules map[string]*module

	refused sync.Map // tokens that did not take the PIN, by their URI
}

var (
	_ keys.Generator = (*Driver)(nil)
	_ keys.Lister    = (*Driver)(nil)
)

// New returns a Driver. It loads no module.
func New(config Config) *Driver {
	return &Driver{config: config, places: usualPlaces(), modules: make(map[string]*module)}
}

// Scheme returns Scheme.
func (d *Driver) Scheme() string { return Scheme }

// Open finds the token and the key that ref names, logs in if the token wants
// it, and tests the key. The signer makes several signatures at once, each in a
// session of its own; keys.Close ends them, and with the last signer of a token
// the login. It is a keys.Noter: a key that can be read out of its token has a
// note.
//
// A cancelled context returns at once, even while the module hangs: its call is
// left to finish, and what it used is not used again.
//
// The errors: fault.UsageInvalid for a malformed reference, fault.ModuleFailed
// for a library that is absent, no module, or does not start;
// fault.DeviceNotFound and fault.KeyNotFound with the nearest names in the
// hint; fault.DeviceAmbiguous and fault.KeyAmbiguous with what to add;
// fault.PINWrong, fault.PINLocked, fault.PINNotSet and fault.PINInvalid, those of the
// source of the PIN, fault.KeyUnsupported, fault.DeviceFailed, and those of keys.SelfTest.
func (d *Driver) Open(ctx context.Context, ref keys.Ref) (dsse.Signer, error) {
	u, err := ParseURI(ref)
	if err != nil {
		return nil, err
	}
	if u.Type != "" && u.Type != typePrivate {
		return nil, fault.New(fault.KeyPublic, "%q names no private key: its type is %s", ref.String(), u.Type).
			WithHint("write type=private, or leave the type out")
	}
	t, err := d.logIn(ctx, u, ref)
	if err != nil {
		return nil, err
	}
	k, err := call(ctx, t, "looking for the key", func() (*key, error) { return t.find(u) }, func(*key) {})
	if err != nil {
		settle(ctx, t.release())
		return nil, err
	}
	return k.signer(ctx, t)
}

// logIn returns the one token that u fits, in use and logged in to.
func (d *Driver) logIn(ctx context.Context, u URI, ref keys.Ref) (*token, error) {
	ask, err := d.config.pinSource(u)
	if err != nil {
		return nil, err
	}
	t, err := d.use(ctx, u)
	if err != nil {
		return nil, err
	}
	if err := t.logIn(ctx, d, ask, ref.String()); err != nil {
		settle(ctx, t.release())
		return nil, err
	}
	return t, nil
}

// use returns the one token that u fits, in use.
func (d *Driver) use(ctx context.Context, u URI) (*token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return await(ctx, func() (*token, error) { return d.locate(u) }, func(t *token) { t.release() })
}

// seen is a token in a module.
type seen struct {
	tokenInfo
	module *module
}

// locate finds the one token that u fits, and begins to use it.
func (d *Driver) locate(u URI) (*token, error) {
	tokens, failures, err := d.survey(u)
	if err != nil {
		return nil, err
	}
	var found []seen
	for _, s := range tokens {
		if s.fits(u) && !isSeen(found, s) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return nil, noToken(u, tokens, failures)
	case 1:
		return found[0].module.acquire(found[0].tokenInfo)
	}
	return nil, severalTokens(found)
}

// isSeen tells whether the token is there already, through another module: the
// first that has it is as good.
func isSeen(found []seen, s seen) bool {
	for _, other := range found {
		if other.module != s.module && other.same(s.tokenInfo) {
			return true
		}
	}
	return false
}

// survey lists the tokens of all modules that u may mean.
func (d *Driver) survey(u URI) (tokens []seen, failures []error, err error) {
	failures, err = d.visit(u, func(s seen) error {
		tokens = append(tokens, s)
		return nil
	})
	return tokens, failures, err
}

// visit calls f for each token of the modules that u may mean, while its module
// is initialized. If there is one module, its failure is the error; of several,
// those that fail are listed beside what the others have.
func (d *Driver) visit(u URI, f func(seen) error) (failures []error, err error) {
	paths, err := d.places.choose(u, d.config.Module)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		err := d.visitModule(path, f)
		if err != nil && len(paths) == 1 {
			return nil, err
		}
		if err != nil {
			failures = append(failures, err)
		}
	}
	return failures, nil
}

func (d *Driver) visitModule(path string, f func(seen) error) error {
	m, err := d.module(path)
	if err != nil {
		return err
	}
	return m.visit(func() error {
		tokens, err := m.list()
		for _, t := range tokens {
			if err := f(seen{t, m}); err != nil {
				return err
			}
		}
		return err
	})
}

// module returns a module, loaded once.
func (d *Driver) module(path string) (*module, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := d.modules[path]; m != nil {
		return m, nil
	}
	m, err := loadModule(path)
	if err == nil {
		d.modules[path] = m
	}
	return m, err
}

func noToken(u URI, tokens []seen, failures []error) error {
	var labels []string
	for _, t := range tokens {
		labels = append(labels, t.label)
	}
	err := fault.New(fault.DeviceNotFound, "no token fits the key reference").With("reference", u.String())
	if u.Token != "" {
		err = fault.New(fault.DeviceNotFound, "no token %q", u.Token).With("reference", u.String())
	}
	hint := keys.NearestHint("tokens", u.Token, labels)
	if len(labels) > 0 && (u.SlotID != "" || u.Serial != "" || u.Model != "" || u.Manufacturer != "") {
		hint += "; slot-id, serial, model and manufacturer have to fit too"
	}
	for _, f := range failures {
		hint += "; " + f.Error()
	}
	return err.WithHint("%s", hint)
}

func severalTokens(found []seen) error {
	var names []string
	for _, s := range found {
		names = append(names, s.uri().String()+" in "+s.module.path)
	}
	return fault.New(fault.DeviceAmbiguous, "the key reference fits %d tokens", len(found)).
		WithHint("add what tells them apart, such as serial, slot-id or module-path: %s", strings.Join(names[:min(len(names), 8)], ", "))
}

// hasRefused tells whether the token refused a PIN of this program.
func (d *Driver) hasRefused(t tokenInfo) bool {
	_, refused := d.refused.Load(t.uri().String())
	return refused
}

// refuse remembers that it did. It is called, as hasRefused is, where a module
// that hangs elsewhere must not be waited for.
func (d *Driver) refuse(t tokenInfo) {
	d.refused.Store(t.uri().String(), true)
}
