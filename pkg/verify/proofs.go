package verify

import (
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
func (j *judgement) judgeProofs(s *Signer) ([]Proof, error) {
	if j.policy.Root.Empty() {
		return nil, nil
	}
	if j.materials == nil {
		j.materials = newMaterials(j.group)
	}
	item := j.group[s.Evidence]
	to := j.held(s, item)
	own := j.beside(item, j.materials.sums[s.Evidence], to)
	others, err := j.elsewhere(s.Evidence, to)
	if err != nil {
		return nil, err
	}
	loose := j.looseBeside(item, to)
	times := provenBy(slices.Concat([]beside{own}, others, besides(loose)))
	proofs := own.proofs(times)
	for _, other := range others {
		proofs = withEstablished(proofs, other.proofs(times))
	}
	proofs = j.looseProofs(proofs, s, loose, times)
	if c := &j.candidates[s.key]; c.issued != nil && !c.issued.chain.Private {
		for _, sct := range j.policy.Root.SCTs(c.issued.chain) {
			proofs = append(proofs, newProof(ProofSCT, sct.Authority, sct.Operator, sct.Time, sct.Err))
		}
	}
	return proofs, nil
}

// withEstablished adds the proofs that passed, each once: what else stands in another
// item than the signature's own is that one's affair.
func withEstablished(proofs, others []Proof) []Proof {
	for i := range others {
		if p := &others[i]; p.Status == Passed && !slices.ContainsFunc(proofs, p.same) {
			proofs = append(proofs, *p)
		}
	}
	return proofs
}

// signatureIn returns the one signature that an item's material is about.
func signatureIn(item bundle.Item) []byte {
	switch {
	case item.Blob != nil:
		return item.Blob.Signature
	case item.Envelope.SignatureCount() == 1:
		return item.Envelope.Signatures()[0].Sig
	}
	return nil
}

// held describes a verified signature, and by which key or certificate it is.
func (j *judgement) held(s *Signer, item bundle.Item) *held {
	to := &held{Signed: j.signed(s, item), key: j.candidates[s.key].id}
	if to.Leaf != nil {
		to.key = to.Leaf.SHA256()
	}
	return to
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
