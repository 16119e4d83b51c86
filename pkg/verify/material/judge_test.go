package material_test

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/verify/material"
)

// A verdict is what the material of evidence comes to, by the plainest policy:
// nothing may be refuted, and all that is demanded must be proven.
type verdict struct {
	entries     []material.LogEntry
	stamps      []material.Timestamp
	scts        []material.SCT
	revocations []material.Revocation
	chain       *material.Chain
	err         error
}

// judgeWorld judges what stands beside the signature of evidence. The signature
// itself is not looked at.
func judgeWorld(e *world.Evidence) verdict {
	var v verdict
	v.err = v.judge(e)
	return v
}

func (v *verdict) judge(e *world.Evidence) error {
	root, err := trust(e)
	if err != nil {
		return err
	}
	items, _, err := bundle.Read(input.FromReaderAt("bundle", bytes.NewReader(e.Bundle), int64(len(e.Bundle))))
	if err != nil {
		return err
	}
	item := items[0]
	signed, err := signedBy(item, e)
	if err != nil {
		return err
	}
	v.entries = root.LogEntries(item.Material.LogEntries, signed, item.Version, e.At)
	v.stamps = root.Timestamps(item.Material.Timestamps, signed.Signature, e.At)
	for i := range v.entries {
		v.entries[i] = v.entries[i].At(v.proven()...)
	}
	at, proven := v.earliest(e.At)
	if signed.Leaf != nil {
		if err := v.certificate(root, signed.Leaf, e, at); err != nil {
			return err
		}
		if !proven && !v.chain.Private {
			return cmp.Or(v.count(e.Demand), error(fault.New(fault.TimeUnproven, "nothing proves when it was signed")))
		}
	}
	return v.count(e.Demand)
}

func trust(e *world.Evidence) (*material.Root, error) {
	sigstore, err := material.ParseRoot("trusted_root.json", e.TrustedRoot)
	if err != nil {
		return nil, err
	}
	private := &material.Root{}
	if pems := append(bytes.Clone(e.CA), e.CRLs...); len(pems) > 0 {
		if private, err = material.ParseCAs("ca.pem", pems); err != nil {
			return nil, err
		}
	}
	witnesses, err := material.ParseWitnesses(e.Demand.Witnesses...)
	if err != nil {
		return nil, err
	}
	return material.Join(sigstore, private, witnesses)
}

// signedBy describes the signature of a bundle.
func signedBy(item bundle.Item, e *world.Evidence) (material.Signed, error) {
	var s material.Signed
	var err error
	if ders := item.Material.Certificates; len(ders) > 0 {
		if s.Leaf, err = material.ParseLeaf(ders); err != nil {
			return s, err
		}
	} else if s.Key, err = publicKey(e.Demand.PublicKey); err != nil {
		return s, err
	}
	describe(&s, item, e.Artifact)
	return s, nil
}

func publicKey(data []byte) (crypto.PublicKey, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("no key is demanded")
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}

// describe says what a signature is over.
func describe(s *material.Signed, item bundle.Item, artifact []byte) {
	if item.Blob != nil {
		s.Signature, s.Digest = item.Blob.Signature, dsse.NewBlob(dsse.Bytes(artifact)).Digest
		return
	}
	m := item.Envelope.UnverifiedMessage()
	s.Signature, s.Digest = item.Envelope.Signatures()[0].Sig, m.Digest
	s.PayloadSHA256 = func() ([]byte, error) {
		h := sha256.New()
		_, err := m.WriteTo(h)
		return h.Sum(nil), err
	}
}

// earliest is the earliest proven time, else the time of verification.
func (v *verdict) earliest(at time.Time) (t time.Time, proven bool) {
	all := v.proven()
	if len(all) == 0 {
		return at, false
	}
	return slices.MinFunc(all, time.Time.Compare), true
}

// proven are all proven times.
func (v *verdict) proven() []time.Time {
	var all []time.Time
	for _, e := range v.entries {
		if !e.Time.IsZero() {
			all = append(all, e.Time)
		}
	}
	for _, s := range v.stamps {
		if !s.Time.IsZero() {
			all = append(all, s.Time)
		}
	}
	return all
}

func (v *verdict) certificate(root *material.Root, leaf *material.Leaf, e *world.Evidence, at time.Time) error {
	var err error
	if v.chain, err = root.Chain(leaf, at); err != nil {
		return err
	}
	v.scts = root.SCTs(v.chain)
	issuer := e.Demand.Issuer
	if !slices.Contains(leaf.Names(), e.Demand.Identity) || leaf.Issuer() != issuer || v.chain.Private != (issuer == "") {
		return fault.New(fault.IdentityMismatch, "the certificate is in another name")
	}
	if !v.chain.Private {
		return nil
	}
	v.revocations = root.Revocation(v.chain, e.At)
	for _, r := range v.revocations {
		switch {
		case r.State == material.Revoked && !at.Before(r.At):
			return fault.New(fault.KeyRevoked, "it was revoked at %s", r.At)
		case r.State == material.Unknown:
			return fault.New(fault.RevocationUnknown, "%s", r.Why)
		}
	}
	return nil
}

// count holds the findings against a demand: none may be bad, and distinct
// operators count.
func (v *verdict) count(d world.Demand) error {
	logs, stamps, scts, witnesses := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	var bad []error
	add := func(err error, operators map[string]bool, operator string) {
		switch {
		case err == nil:
			operators[operator] = true
		case !errors.Is(err, material.ErrNotTrusted):
			bad = append(bad, err)
		}
	}
	for _, e := range v.entries {
		add(e.Err, logs, e.Operator)
		for _, w := range e.Witnesses {
			witnesses[w.Name] = true
		}
	}
	for _, s := range v.stamps {
		add(s.Err, stamps, s.Operator)
	}
	for _, s := range v.scts {
		add(s.Err, scts, s.Operator)
	}
	switch {
	case len(bad) > 0:
		return bad[0]
	case len(logs) < d.Logs:
		return fault.New(fault.LogMissing, "%d logs, not %d", len(logs), d.Logs)
	case len(stamps) < d.Timestamps:
		return fault.New(fault.TimestampMissing, "%d time stamps, not %d", len(stamps), d.Timestamps)
	case len(scts) < d.SCTs:
		return fault.New(fault.SCTMissing, "%d SCTs, not %d", len(scts), d.SCTs)
	case len(witnesses) < d.Cosignatures:
		return fault.New(fault.WitnessMissing, "%d witnesses, not %d", len(witnesses), d.Cosignatures)
	}
	return nil
}

// read reads a bundle's item and describes its signature.
func read(t testing.TB, e *world.Evidence) (bundle.Item, material.Signed) {
	t.Helper()
	items, _, err := bundle.Read(input.FromReaderAt("bundle", bytes.NewReader(e.Bundle), int64(len(e.Bundle))))
	require.NoError(t, err)
	signed, err := signedBy(items[0], e)
	require.NoError(t, err)
	return items[0], signed
}
