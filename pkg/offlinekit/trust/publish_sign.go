package trust

import (
	"context"
	"encoding/json/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// stagedRole is staged metadata and who has to sign it.
type stagedRole struct {
	*document
	// by are the delegators whose thresholds must be met: the root, and for a root the
	// one before it too.
	by []delegator
}

// stagedRoles returns what is staged, in the order of TUF. Who signs for the other
// roles is what the newest root says, staged or not.
func (p *Publisher) stagedRoles() ([]stagedRole, error) {
	raw, rootStaged, err := p.current(metadata.ROOT)
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, p.notFound()
	}
	root, err := parse[metadata.RootType](metadata.ROOT, FileName(metadata.ROOT), raw)
	if err != nil {
		return nil, err
	}
	var out []stagedRole
	if rootStaged {
		r := stagedRole{&root.document, []delegator{rootDelegator(root)}}
		before, err := p.published(metadata.ROOT)
		if err != nil {
			return nil, err
		}
		if before != nil {
			previous, err := parseRoot(versionedName(metadata.ROOT, root.version-1), before)
			if err != nil {
				return nil, err
			}
			r.by = append(r.by, rootDelegator(previous))
		}
		out = append(out, r)
	}
	for _, role := range topRoles()[1:] {
		raw, isStaged, err := p.current(role)
		if err != nil {
			return nil, err
		}
		if !isStaged || raw == nil {
			continue
		}
		doc, err := readDocument(role, raw)
		if err != nil {
			return nil, err
		}
		out = append(out, stagedRole{doc, []delegator{rootDelegator(root)}})
	}
	return out, nil
}

// keyOf returns the id under which a role has a public key, "" if it does not.
func (r *stagedRole) keyOf(print [32]byte) string {
	for _, d := range r.by {
		ids, _, _ := d.role(r.role)
		for _, id := range ids {
			if fingerprintOf(d.keys[id]) == print {
				return id
			}
		}
	}
	return ""
}

func fingerprintOf(key *metadata.Key) [32]byte {
	if key == nil {
		return [32]byte{}
	}
	pub, err := publicOf(key)
	if err != nil {
		return [32]byte{}
	}
	print, err := dsse.Fingerprint(pub)
	if err != nil {
		return [32]byte{}
	}
	return print
}

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

// Merge adds the signatures that are in another copy of the directory, where that has
// the same metadata staged.
func (p *Publisher) Merge(ctx context.Context, other string) (*Progress, error) {
	return p.progress(ctx, func() error {
		staged, err := p.stagedRoles()
		if err != nil {
			return err
		}
		found := 0
		for i := range staged {
			r := &staged[i]
			raw, err := NewPublisher(other).signedAs(r)
			if err != nil {
				return err
			}
			if raw == nil {
				continue
			}
			theirs, err := readDocument(r.role, raw)
			if err != nil {
				return err
			}
			if string(theirs.payload) != string(r.payload) {
				return mismatch(filepath.Join(other, stagedDir, FileName(r.role)), "it is not what is staged in %q", p.dir)
			}
			found += len(theirs.signatures)
			if err := p.addSignatures(ctx, r, theirs.signatures...); err != nil {
				return err
			}
		}
		if found == 0 {
			return fault.New(fault.TrustUnsigned, "%q holds no signature of what is staged in %q", other, p.dir).With("path", other)
		}
		return p.publish(ctx)
	})
}

// signedAs returns a role's metadata in another copy: staged there or, if its
// signature was the last one wanted, published.
func (p *Publisher) signedAs(r *stagedRole) ([]byte, error) {
	raw, err := p.read(p.staged(r.role), MaxMetadata)
	if raw != nil || err != nil {
		return raw, err
	}
	return p.read(p.metadataPath(r.role, r.version), MaxMetadata)
}

// publish makes what is staged the newest, if nothing lacks a signature. Targets are
// there already; the timestamp, by which clients find the rest, comes last.
func (p *Publisher) publish(ctx context.Context) error {
	staged, err := p.stagedRoles()
	if err != nil {
		return err
	}
	for i := range staged {
		if !staged[i].complete() {
			return nil
		}
	}
	order := func(r stagedRole) int { return -slices.Index(topRoles(), r.role) }
	slices.SortStableFunc(staged, func(a, b stagedRole) int {
		if a.role == metadata.ROOT || b.role == metadata.ROOT {
			return order(b) - order(a)
		}
		return order(a) - order(b)
	})
	for i := range staged {
		r := &staged[i]
		if err := p.write(ctx, filepath.Join(p.dir, metadataDir, versionedName(r.role, r.version)), r.raw); err != nil {
			return err
		}
	}
	for i := range staged {
		if err := os.Remove(p.staged(staged[i].role)); err != nil {
			return fault.Wrap(fault.OutputFailed, pathCause(err), "failed to clear %q", p.staged(staged[i].role))
		}
	}
	return nil
}

func (r *stagedRole) complete() bool {
	for _, d := range r.by {
		if verify(d, r.document, FileName(r.role)) != nil {
			return false
		}
	}
	return true
}

// Keys returns the entries of the keys.json that is staged or published.
func (p *Publisher) Keys() ([]keys.TrustedKey, error) {
	content, err := p.Target(keysTarget)
	if err != nil || content == nil {
		return nil, err
	}
	return keys.ParseKeysJSON(content, keysTarget)
}

// StagedDigests returns the SHA-256 of each text that waits for signatures, as
// sha256:<hex>.
func (p *Publisher) StagedDigests() ([]string, error) {
	staged, err := p.stagedRoles()
	var out []string
	for i := range staged {
		out = append(out, "sha256:"+digest(staged[i].payload))
	}
	return out, err
}
