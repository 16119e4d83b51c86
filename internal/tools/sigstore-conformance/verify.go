package main

import (
	"context"
	_ "embed"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// publicGood is the trusted root of Sigstore's public-good instance, of August
// 2026 (https://github.com/sigstore/root-signing, targets/trusted_root.json).
//
//go:embed trusted_root.json
var publicGood []byte

// maxFile bounds the files that are read, in bytes. Those of the suite are small.
const maxFile = 1 << 30

// verify judges the bundle as the suite wants it judged: for the one identity or
// key, in a transparency log, at a proven time, and with what stands in the bundle
// beside that.
func (r *request) verify(ctx context.Context, at time.Time) error {
	policy, err := r.policy(at)
	if err != nil {
		return err
	}
	if digest := r.digest(); digest != "" {
		policy.Subjects = []verify.Artifact{{Name: r.artifact, Digest: map[string]string{"sha256": digest}}}
	} else {
		f, err := input.Open(r.artifact, nil, maxFile)
		if err != nil {
			return err
		}
		defer f.Close()
		content, err := f.Content()
		if err != nil {
			return err
		}
		policy.Subjects = []verify.Artifact{{Name: r.artifact, Digest: map[string]string{"sha256": content.SHA256Hex()}, Content: content}}
	}
	f, err := input.Open(r.bundle, nil, maxFile)
	if err != nil {
		return err
	}
	defer f.Close()
	var evidence verify.Evidence
	if err := evidence.ReadInput(f); err != nil {
		return err
	}
	report, err := verify.Verify(ctx, &evidence, policy)
	if err != nil {
		return err
	}
	return stamped(report)
}

// policy is what the suite demands.
func (r *request) policy(at time.Time) (*verify.Policy, error) {
	root, err := r.root()
	if err != nil {
		return nil, err
	}
	p := &verify.Policy{Root: root, Threshold: 1, At: at}
	if logs(root) {
		p.Proofs.Log = 1
	} else {
		p.AllowNoLogUnsafe = true // a time stamp then has to prove the time
	}
	if r.key == "" {
		p.Proofs.SCT = 1
		p.Identities = []verify.Identity{{
			SubjectAlternativeName: verify.Exactly(r.identity),
			Issuer:                 verify.Exactly(r.issuer),
		}}
		return p, nil
	}
	data, err := readFile(r.key)
	if err != nil {
		return nil, err
	}
	public, err := keys.ParsePublic(data)
	if err != nil {
		return nil, err
	}
	if len(public) != 1 {
		return nil, fault.New(fault.KeyMalformed, "%s holds %d keys, not one", input.Display(r.key), len(public))
	}
	p.Trust, err = keys.NewTrust(keys.TrustedKey{Name: "key", Public: public[0].Key, AnyPredicateType: true})
	return p, err
}

func (r *request) root() (*material.Root, error) {
	if r.trustedRoot == "" {
		return material.ParseRoot("trusted_root.json", publicGood)
	}
	data, err := readFile(r.trustedRoot)
	if err != nil {
		return nil, err
	}
	return material.ParseRoot(r.trustedRoot, data)
}

// logs reports whether the root trusts a transparency log.
func logs(root *material.Root) bool {
	return slices.ContainsFunc(root.Authorities(), func(a material.Authority) bool { return a.Kind == material.KindLog })
}

// stamped refuses bundles whose time stamps are all by others than the trusted
// authorities. To stella they prove nothing; the suite wants them good.
func stamped(report *verify.Report) error {
	there, good := false, false
	for _, result := range report.Results {
		for _, signer := range result.Signers {
			for _, proof := range signer.Proofs {
				if proof.Kind == verify.ProofTimestamp {
					there, good = true, good || proof.Status == verify.Passed
				}
			}
		}
	}
	if there && !good {
		return fault.New(fault.TimestampMissing, "no time stamp in the bundle is by a trusted authority")
	}
	return nil
}

func readFile(path string) ([]byte, error) {
	f, err := input.Open(path, nil, maxFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadAll()
}
