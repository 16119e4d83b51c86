package fido2

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

// maxTokens bounds the tokens among which one is looked for.
const maxTokens = 16

// opened is an open token with its device file.
type opened struct {
	Device
	path string
}

// open opens the token for a key, or for a new one if c is nil: the one that ref
// or the configuration names, the only one, the only one that knows the key, or
// the one that is touched.
func (d *Driver) open(ctx context.Context, ref keys.Ref, c *credential) (*opened, error) {
	path, named := ref.Option(optionDevice)
	if !named {
		path = d.config.Device
	}
	if path != "" {
		return d.openPath(ctx, path)
	}
	tokens := d.config.Backend.Tokens()
	switch {
	case len(tokens) == 0:
		return nil, fault.New(fault.DeviceNotFound, "no FIDO2 token is plugged in").
			WithHint("plug the token in, or name its device file: device=/dev/hidraw0")
	case len(tokens) == 1:
		return d.openPath(ctx, tokens[0].Path)
	case len(tokens) > maxTokens:
		return nil, ambiguous(tokens)
	}
	all, err := d.openAll(ctx, tokens)
	if err != nil {
		return nil, err
	}
	return d.pick(ctx, all, tokens, c)
}

func (d *Driver) openPath(ctx context.Context, path string) (*opened, error) {
	device, err := d.config.Backend.Open(ctx, path)
	if err != nil {
		return nil, explain(err, path)
	}
	return &opened{device, path}, nil
}

// openAll opens what can be opened. A token that others use, or that we may not
// use, is not the one that is meant; if there is no other, its error is the one
// to show.
func (d *Driver) openAll(ctx context.Context, tokens []Token) ([]*opened, error) {
	var all []*opened
	var first error
	for _, t := range tokens {
		o, err := d.openPath(ctx, t.Path)
		if err == nil {
			all = append(all, o)
		} else if first == nil {
			first = err
		}
	}
	if len(all) == 0 {
		return nil, first
	}
	return all, nil
}

// pick returns one of several open tokens and closes the others.
func (d *Driver) pick(ctx context.Context, all []*opened, tokens []Token, c *credential) (*opened, error) {
	if c != nil {
		if knowing := knows(ctx, all, c); len(knowing) > 0 {
			closeBut(all, knowing...)
			all = knowing
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	o, err := d.touched(ctx, all)
	closeBut(all, o)
	if err != nil && ctx.Err() == nil {
		return nil, fault.Wrap(fault.DeviceAmbiguous, err, "%v", ambiguous(tokens)).WithHint("%s", fault.HintOf(ambiguous(tokens)))
	}
	return o, err
}

// knows returns the tokens that know the key, by a question that takes no touch.
// A token may keep silent about keys that want a PIN, so none is no answer.
func knows(ctx context.Context, all []*opened, c *credential) []*opened {
	var out []*opened
	for _, o := range all {
		nothing := sha256.Sum256(nil)
		_, err := o.Assert(ctx, ctap.AssertionRequest{RPID: c.rpID, ClientDataHash: nothing[:], Credential: c.id, Silent: true})
		if err == nil {
			out = append(out, o)
		}
	}
	return out
}

// touched lets the user say which token is meant, by touching it. The others are
// told to stop.
func (d *Driver) touched(ctx context.Context, all []*opened) (*opened, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.config.Say(fmt.Sprintf("%d tokens are plugged in: touch the one to use", len(all)))
	errs := make([]error, len(all))
	var chosen *opened
	var once sync.Once
	var wg sync.WaitGroup
	for i, o := range all {
		wg.Go(func() {
			if errs[i] = o.Select(ctx, nil); errs[i] == nil {
				once.Do(func() { chosen = o })
				cancel()
			}
		})
	}
	wg.Wait()
	if chosen != nil {
		return chosen, nil
	}
	for i, err := range errs {
		if !errors.Is(err, context.Canceled) {
			return nil, explain(err, all[i].path)
		}
	}
	return nil, ctx.Err()
}

// closeBut closes all tokens but some.
func closeBut(all []*opened, but ...*opened) {
	for _, o := range all {
		keep := false
		for _, b := range but {
			keep = keep || o == b
		}
		if !keep {
			_ = o.Close() // nothing was asked of it
		}
	}
}

// ambiguous lists the tokens. What they are called is their own claim.
func ambiguous(tokens []Token) error {
	var list []string
	for _, t := range tokens[:min(len(tokens), maxTokens)] {
		list = append(list, fmt.Sprintf("%s (%.60q)", t.Path, t.Name))
	}
	return fault.New(fault.DeviceAmbiguous, "%d FIDO2 tokens are plugged in: %s", len(tokens), strings.Join(list, ", ")).
		WithHint("say which: device=%s in the reference, or STELLA_FIDO2_DEVICE", tokens[0].Path)
}
