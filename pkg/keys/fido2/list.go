package fido2

import (
	"context"
	"fmt"

	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

var _ keys.Lister = (*Driver)(nil)

// List returns the tokens that are plugged in, or the one that ref or the
// configuration names, and behind each the credentials that are stored on it.
// Those are shown only with a PIN, so only if ref says where one is. Keys that
// Generate makes are not stored on the token: their files are the list.
func (d *Driver) List(ctx context.Context, ref keys.Ref) ([]keys.Listed, []keys.Note, error) {
	if err := ref.CheckOptions(commonOptions()...); err != nil {
		return nil, nil, err
	}
	tokens := d.config.Backend.Tokens()
	path, named := ref.Option(optionDevice)
	if !named {
		path = d.config.Device
	}
	if path != "" {
		tokens = []Token{{Path: path}}
	}
	var out []keys.Listed
	notes := []keys.Note{{Message: "a key is named by its file, fido2:FILE, and only keys that are stored on a token can be listed"}}
	for _, t := range tokens {
		listed, more, err := d.listToken(ctx, ref, t)
		if err != nil {
			return nil, nil, err
		}
		out, notes = append(out, listed...), append(notes, more...)
	}
	return out, notes, nil
}

func (d *Driver) listToken(ctx context.Context, ref keys.Ref, t Token) ([]keys.Listed, []keys.Note, error) {
	at, err := keys.ParseRef(Scheme + ":?" + optionDevice + "=" + escape(t.Path))
	if err != nil {
		return nil, nil, err
	}
	out := []keys.Listed{{Ref: at, Label: t.Name, Where: t.Path}}
	o, err := d.openPath(ctx, t.Path)
	if err != nil {
		return out, []keys.Note{{Message: err.Error()}}, ctx.Err()
	}
	defer o.Close()
	info, err := o.Info(ctx)
	if err != nil {
		return nil, nil, explain(err, t.Path)
	}
	if !pinGiven(ref) {
		return out, []keys.Note{{
			Message: fmt.Sprintf("the keys that are stored on %s are shown only with its PIN", t.Path),
			Hint:    "give pin-file=FILE in the reference",
		}}, nil
	}
	residents, err := d.residents(ctx, ref, o, info)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range residents {
		l := keys.Listed{Ref: at, Label: r.RPID + " " + r.UserName, Public: r.Public, Where: t.Path}
		if r.Public != nil {
			if l.Algorithm, err = keys.AlgorithmOf(r.Public); err != nil {
				return nil, nil, err
			}
		}
		out = append(out, l)
	}
	return out, nil, nil
}

func (d *Driver) residents(ctx context.Context, ref keys.Ref, o *opened, info *ctap.Info) ([]ctap.Resident, error) {
	ask, err := d.pins(ref)
	if err != nil {
		return nil, err
	}
	pin, err := d.askPIN(ctx, o, info, ask, o.path)
	if err != nil {
		return nil, err
	}
	defer clear(pin)
	list, err := o.Residents(ctx, pin)
	if err != nil {
		return nil, wrongPIN(ctx, o, err)
	}
	return list, nil
}

func pinGiven(ref keys.Ref) bool {
	_, file := ref.Option(keys.OptionPINFile)
	_, env := ref.Option(keys.OptionPINEnv)
	return file || env
}
