package trust

import (
	"context"
	"encoding/json/v2"
	"slices"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// Sign adds the signatures of keys to what is staged, wherever a role has the key,
// and publishes all of it once every role has as many as it needs. only bounds it to
// some roles; nil is all. A key that signs for none of them is fault.UsageInvalid.
func (p *Publisher) Sign(ctx context.Context, signers []dsse.Signer, only []string) (*Progress, error) {
	return p.progress(ctx, func() error {
		staged, err := p.stagedRoles()
		if err != nil {
			return err
		}
		if len(staged) == 0 {
			return fault.New(fault.UsageInvalid, "nothing in %q waits for a signature", p.dir).
				WithHint("change something first, or renew what is there: trust publish sign --renew")
		}
		for _, signer := range signers {
			if err := p.signAll(ctx, staged, signer, only); err != nil {
				return err
			}
		}
		return p.publish(ctx)
	})
}

func (p *Publisher) signAll(ctx context.Context, staged []stagedRole, signer dsse.Signer, only []string) error {
	print, err := dsse.Fingerprint(signer.Public())
	if err != nil {
		return err
	}
	count := 0
	for i := range staged {
		r := &staged[i]
		id := r.keyOf(print)
		if id == "" || only != nil && !slices.Contains(only, r.role) {
			continue
		}
		s, err := signer.Sign(ctx, r.message(dsse.ExtensionKind(signer) != ""))
		if err != nil {
			return err
		}
		signature, err := newSignature(id, s)
		if err != nil {
			return err
		}
		if err := p.addSignatures(ctx, r, signature); err != nil {
			return err
		}
		count++
	}
	if count > 0 {
		return nil
	}
	id, _ := dsse.KeyID(signer.Public())
	return fault.New(fault.UsageInvalid, "the key %s signs for none of the roles that wait for signatures", id).
		With("keyId", id).WithHint("trust publish sign without --key lists whose signatures are wanted")
}

// addSignatures adds good signatures to staged metadata, each in place of one by the
// same key. One that is not good is fault.SignatureMismatch.
func (p *Publisher) addSignatures(ctx context.Context, r *stagedRole, more ...metadata.Signature) error {
	var file container
	if err := json.Unmarshal(r.raw, &file); err != nil {
		return err
	}
	for _, s := range more {
		if err := r.good(&s); err != nil {
			return err
		}
		file.Signatures = slices.DeleteFunc(file.Signatures, func(o metadata.Signature) bool { return o.KeyID == s.KeyID })
		file.Signatures = append(file.Signatures, s)
	}
	slices.SortFunc(file.Signatures, func(a, b metadata.Signature) int { return compare(a.KeyID, b.KeyID) })
	raw, err := file.marshal()
	if err != nil {
		return err
	}
	r.raw, r.signatures = raw, file.Signatures
	return p.write(ctx, p.staged(r.role), raw)
}

// good verifies a signature by a key of the role.
func (r *stagedRole) good(s *metadata.Signature) error {
	alone := document{head: r.head, payload: r.payload, signatures: []metadata.Signature{*s}}
	for _, d := range r.by {
		ids, _, _ := d.role(r.role)
		if n, _ := tally(d, &alone, ids); n > 0 {
			return nil
		}
	}
	return fault.New(fault.SignatureMismatch, "the signature of %s by key %.16s is not good", r.role, s.KeyID)
}
