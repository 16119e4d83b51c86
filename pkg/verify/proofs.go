package verify

import (
	"bytes"
	"crypto"
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

// judgeProofs judges what stands beside a signature: in its own item, and in
// every other that holds the same signature, since a proof belongs to a signature
// and covers its bytes, wherever it stands (contracts §5).
func (j *judgement) judgeProofs(s *Signer) []Proof {
	if j.policy.Root.Empty() {
		return nil
	}
	own := j.group[s.Evidence]
	signed := j.signed(s, own)
	all := []beside{j.beside(own, signed)}
	for i, other := range j.group {
		if i != s.Evidence && bytes.Equal(signatureIn(other), signed.Signature) {
			all = append(all, j.beside(other, signed))
		}
	}
	loose := j.looseBeside(own, signed)
	times := provenBy(slices.Concat(all, besides(loose)))
	proofs := all[0].proofs(times)
	for _, other := range all[1:] {
		proofs = append(proofs, established(other.proofs(times))...)
	}
	proofs = append(proofs, j.looseProofs(s, loose, times)...)
	if c := &j.candidates[s.key]; c.issued != nil && !c.issued.chain.Private {
		for _, sct := range j.policy.Root.SCTs(c.issued.chain) {
			proofs = append(proofs, newProof(ProofSCT, sct.Authority, sct.Operator, sct.Time, sct.Err))
		}
	}
	return proofs
}

// established are the proofs that passed: what else stands in another item than
// the signature's own is that one's affair.
func established(proofs []Proof) []Proof {
	var out []Proof
	for _, p := range proofs {
		if p.Status == Passed {
			out = append(out, p)
		}
	}
	return out
}

// signatureIn returns the one signature that an item's material is about.
func signatureIn(item bundle.Item) []byte {
	switch {
	case item.Blob != nil:
		return item.Blob.Signature
	case len(item.Envelope.Signatures()) == 1:
		return item.Envelope.Signatures()[0].Sig
	}
	return nil
}

// signed describes a verified signature for package material.
func (j *judgement) signed(s *Signer, item bundle.Item) material.Signed {
	out := material.Signed{}
	if out.Leaf = j.leafOf(s, item); out.Leaf == nil {
		out.Key = j.candidates[s.key].Verifier.Public()
	}
	switch {
	case item.Blob == nil:
	case item.Blob.Payload != nil:
		out.Signature, out.Digest = item.Blob.Signature, j.message.Digest
		return out
	default:
		out.Signature, out.Digest = item.Blob.Signature, j.artifact().Digest
		return out
	}
	out.Signature, out.Digest = item.Envelope.Signatures()[s.Index].Sig, j.message.Digest
	out.PayloadSHA256 = j.payloadSHA256
	return out
}

// leafOf returns the certificate that the signer used, if any: log entries name it,
// also where its key is trusted by itself.
func (j *judgement) leafOf(s *Signer, item bundle.Item) *material.Leaf {
	c := &j.candidates[s.key]
	if c.issued != nil {
		return c.issued.leaf
	}
	if len(item.Material.Certificates) == 0 {
		return nil
	}
	leaf, err := material.ParseLeaf(item.Material.Certificates)
	if err != nil || !keys.Equal(leaf.PublicKey(), c.Verifier.Public()) {
		return nil
	}
	return leaf
}

// artifact is what the group's signature over bare bytes covers.
func (j *judgement) artifact() dsse.Message {
	for a := range j.policy.Subjects {
		if j.result.demanded[a] {
			return blobMessage(&j.policy.Subjects[a])
		}
	}
	return dsse.NewBlob(dsse.Bytes(nil)) // not reached: a blob is verified against an artifact
}

// payloadSHA256 reads the payload once more, as Rekor v1 hashes it: without PAE.
func (j *judgement) payloadSHA256() ([]byte, error) {
	if j.payloadSum == nil {
		h := crypto.SHA256.New()
		if _, err := j.message.WriteTo(h); err != nil {
			return nil, err
		}
		j.payloadSum = h.Sum(nil)
	}
	return j.payloadSum, nil
}

// timestamps judges time stamps over the signature or over what they may cover
// instead, in which the signature stands: what proves the age of the whole proves
// that of its part.
func (j *judgement) timestamps(m bundle.Material, signature []byte) []material.Timestamp {
	out := j.policy.Root.Timestamps(m.Timestamps, signature, j.policy.At)
	if m.Stamped == nil || !slices.ContainsFunc(out, func(t material.Timestamp) bool { return t.Err != nil }) {
		return out
	}
	for i, whole := range j.policy.Root.Timestamps(m.Timestamps, m.Stamped, j.policy.At) {
		if out[i].Err != nil && whole.Err == nil {
			out[i] = whole
		}
	}
	return out
}
