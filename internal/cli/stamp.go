package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/timestamp"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify/material"
)

// stamp judges the response by the trust that was given and writes the bundle
// with it.
func (o *attestTimestampOptions) stamp(ctx context.Context, s *session, f *input.File, item *bundle.Item, signature []byte, r *timestamp.Response) error {
	authority, err := o.vouched(s, signature, r)
	if err != nil {
		return err
	}
	inputs := slices.Concat([]string{f.Name(), o.attach, o.query}, o.roots, o.chains)
	out, err := o.output.create(ctx, s, inputs...)
	if err != nil {
		return err
	}
	defer out.Abort()
	if err := bundle.WriteStamped(out, f, item, r.DER); err != nil {
		return about(f, err)
	}
	if err := out.Commit(); err != nil {
		return err
	}
	return o.output.show(s, newStampResult(o, r, authority))
}

// vouched returns the name of the trusted authority whose response it is, or
// nothing if nobody is trusted. A response that contradicts itself is refused all
// the same.
func (o *attestTimestampOptions) vouched(s *session, signature []byte, r *timestamp.Response) (string, error) {
	root, err := loadRoot(s, o.roots, nil, o.chains)
	if err != nil {
		return "", err
	}
	judged := root.Token(r.DER, signature, s.Now())
	switch {
	case !errors.Is(judged.Err, material.ErrNotTrusted):
		return judged.Authority, judged.Err
	case root == nil:
		return "", nil
	}
	return "", fault.Wrap(fault.TimestampInvalid, judged.Err, "the response cannot be attached").
		WithHint("give the certificate chain of the authority that made it")
}

// stampResult says what was put into a bundle. Time and all else is the
// response's word unless it was verified.
type stampResult struct {
	Output    string    `json:"output"`
	Verified  bool      `json:"verified"`
	Authority string    `json:"authority,omitempty"` // its name in the trust
	Time      time.Time `json:"time"`
	Hash      string    `json:"hash"`
	Serial    string    `json:"serial"`
	Policy    string    `json:"policy"`
}

func newStampResult(o *attestTimestampOptions, r *timestamp.Response, authority string) *stampResult {
	return &stampResult{
		Output: o.output.shown(), Verified: authority != "", Authority: authority,
		Time: r.Time, Hash: r.Hash.String(), Serial: r.Serial.Text(16), Policy: r.Policy,
	}
}

// Text implements ui.Result.
func (r *stampResult) Text(p *ui.Printer) {
	if r.Verified {
		p.Status(ui.Passed, ui.Styled(ui.Good, "time stamped"), ui.T(", verified"))
	} else {
		p.Status(ui.Warned, ui.Styled(ui.Warn, "time stamped"), ui.T(", and nothing vouches for it yet: no authority was given to verify it with"))
	}
	pairs := []ui.Pair{ui.P("time", ui.T(r.Time.Format(time.RFC3339Nano)))}
	if r.Verified {
		pairs = append(pairs, ui.P("authority", ui.T(r.Authority)))
	}
	pairs = append(pairs, ui.P("serial", ui.T(r.Serial)), ui.P("hash", ui.T(r.Hash)))
	if r.Output != "-" {
		pairs = append(pairs, ui.P("written to", ui.T(r.Output)))
	}
	p.Pairs(pairs...)
}

// requestResult says what was asked for, and what is to be done with it.
type requestResult struct {
	Output string `json:"output"`
	Hash   string `json:"hash"`
	Nonce  string `json:"nonce"`

	evidence string
}

func newRequestResult(o *attestTimestampOptions, evidence string, q *timestamp.Request) *requestResult {
	return &requestResult{o.output.shown(), q.Hash.String(), q.Nonce.Text(16), evidence}
}

// Text implements ui.Result.
func (r *requestResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.Styled(ui.Good, "request written"), ui.T(", to be carried to a time stamp authority"))
	pairs := []ui.Pair{ui.P("hash", ui.T(r.Hash)), ui.P("nonce", ui.T(r.Nonce))}
	if r.Output != "-" {
		pairs = append(pairs, ui.P("written to", ui.T(r.Output)))
		pairs = append(pairs, ui.P("then", ui.T("stella attest timestamp "+r.evidence+" --attach RESPONSE --query "+r.Output+" -o BUNDLE")))
	}
	p.Pairs(pairs...)
}
