package verify

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// checkSignature finds out which trusted keys and certificates signed. It fails
// if a piece of evidence has no signature by any of them.
func checkSignature(j *judgement) error {
	var failure error
	for i, item := range j.group {
		err := j.admit(i, item)
		if err == nil {
			err = j.open(i, item)
		}
		if err == nil {
			continue
		}
		if _, ok := err.(unjudged); ok { //nolint:errorlint // never wrapped
			return err
		}
		if failure == nil {
			failure = err
		}
	}
	if failure == nil {
		failure = j.countHolders()
	}
	if failure == nil {
		j.result.Message = j.message
		j.found = j.countSignatures()
	}
	return failure
}

// open verifies the signatures of one item with the trusted keys and with the
// key of its own certificate, if that was admitted.
func (j *judgement) open(at int, item bundle.Item) error {
	keys := j.bench.keys
	if own := j.admitted[at]; own != nil {
		keys = append(slices.Clip(keys), withoutHybrid(j.candidates[*own].Key))
	}
	if len(keys) == 0 {
		return j.unadmitted(at, item)
	}
	err := j.openWith(at, item, keys)
	if fault.ReasonOf(err) != fault.SignatureUntrusted {
		return err
	}
	better := j.refused[at]
	if better == nil && j.admitted[at] != nil && len(keys) == 1 {
		better = fault.New(fault.SignatureMismatch, "the signature does not fit the key of its certificate, or the content was altered")
	}
	if better == nil {
		return fault.Wrap(fault.SignatureUntrusted, err, "").
			WithHint("find out who signed: stella attest show FILE; if it is who you expect, say so with --key or --trust")
	}
	j.result.explain(at, better)
	return inItem(j, item, better)
}

func (j *judgement) openWith(at int, item bundle.Item, keys []dsse.Key) error {
	switch {
	case item.Envelope != nil:
		return j.openEnvelope(at, item, keys)
	case item.Blob.Payload != nil:
		return j.openDocument(at, item, keys)
	}
	return j.openBlob(at, item, keys)
}

// unadmitted is the finding on an item when no key is trusted and its certificate, if
// it has one, was not admitted.
func (j *judgement) unadmitted(at int, item bundle.Item) error {
	n, err := 1, j.refused[at]
	if item.Envelope != nil {
		n = item.Envelope.SignatureCount()
	}
	if n == 0 {
		return inItem(j, item, fault.New(fault.SignatureMissing, "the envelope holds no signature"))
	}
	if err == nil {
		err = fault.New(fault.SignatureUntrusted, "the signature comes without a certificate, and only certificates are trusted").
			WithHint("give its certificate with --certificate FILE if it lies beside, or say whose key you expect: --key KEY.pub")
	}
	j.addRejected(at, n, err)
	return inItem(j, item, err)
}

// explain gives the signatures of an item that nobody trusted made a better
// reason.
func (r *Result) explain(at int, why error) {
	for i := range r.Signers {
		if s := &r.Signers[i]; s.Evidence == at && !s.Verified {
			s.Reason, s.Message = fault.ReasonOf(why), why.Error()
		}
	}
}

// candidateOf maps a key among those that an item was opened with to its candidate.
func (j *judgement) candidateOf(at, key int) int {
	if key < len(j.bench.keys) {
		return key
	}
	return *j.admitted[at]
}

// countHolders fails if no holder has signed: all there is are halves of
// hybrids, and nothing in the payload is read on their word.
func (j *judgement) countHolders() error {
	signed := j.noCandidates()
	for i := range j.result.Signers {
		if s := &j.result.Signers[i]; s.Verified {
			signed[s.key] = true
		}
	}
	err := j.anyHolder(signed)
	if err != nil {
		tally := dsse.Count(j.keys(), signed)
		j.markHalves(&tally)
	}
	return err
}

func (j *judgement) countSignatures() string {
	if len(j.result.Signers) == 1 {
		return "1 of 1 by a trusted signer" // all but always, and it has verified something
	}
	type place struct{ evidence, index int }
	all, good := make(map[place]bool), make(map[place]bool)
	for _, s := range j.result.Signers {
		all[place{s.Evidence, s.Index}] = true
		if s.Verified {
			good[place{s.Evidence, s.Index}] = true
		}
	}
	return fmt.Sprintf("%d of %d by a trusted signer", len(good), len(all))
}

func (j *judgement) openEnvelope(at int, item bundle.Item, keys []dsse.Key) error {
	opened, err := dsse.Open(item.Envelope, 1, keys...)
	if err != nil {
		if fault.ReasonOf(err).Exit() == fault.ExitRejected {
			j.addRejected(at, item.Envelope.SignatureCount(), err)
			return inItem(j, item, err)
		}
		if fault.ReasonOf(err) == fault.SignatureMissing {
			return inItem(j, item, err)
		}
		return unjudged{malformedItem(item, err)}
	}
	if err := j.take(item, opened.Message); err != nil {
		return unjudged{err}
	}
	for _, v := range opened.Verified {
		j.addVerified(at, v.Index, j.candidateOf(at, v.Key))
	}
	for _, u := range opened.Unverified {
		j.result.Signers = append(j.result.Signers, Signer{
			Evidence: at, Index: u.Index, Reason: fault.ReasonOf(u.Err), Message: u.Err.Error(),
		})
	}
	return nil
}

// take makes m the payload of the group. The group was formed in an earlier
// reading: what was verified in this one must still be the same payload, else
// signatures over different ones would add up.
func (j *judgement) take(item bundle.Item, m dsse.Message) error {
	if j.message == nil {
		j.message = m
		return nil
	}
	want, err := j.message.Digest(crypto.SHA256)
	if err != nil {
		return err
	}
	got, err := m.Digest(crypto.SHA256)
	if err != nil {
		return err
	}
	if !bytes.Equal(want, got) {
		return fault.New(fault.InputChanged, "%s changed while it was being read", where(item)).
			WithHint("let nothing write to the file and run the command again")
	}
	return nil
}

// inItem says which evidence a finding is about, if there is more than one.
func inItem(j *judgement, item bundle.Item, err error) error {
	if len(j.group) == 1 {
		return err
	}
	return fault.Wrap(fault.ReasonOf(err), err, "%s", where(item))
}

func (j *judgement) addVerified(at, index, key int) {
	c := &j.candidates[key]
	s := Signer{
		Evidence: at, Index: index, Verified: true, Holder: c.Holder, Name: c.name, KeyID: c.id,
		Roles: c.roles, Tenant: c.tenant, key: key,
	}
	if c.issued != nil {
		s.Certificate = c.issued.summary()
	}
	j.result.Signers = append(j.result.Signers, s)
}

func (j *judgement) addRejected(at, n int, err error) {
	for i := range n {
		j.result.Signers = append(j.result.Signers, Signer{Evidence: at, Index: i, Reason: fault.ReasonOf(err), Message: err.Error()})
	}
}

// openBlob verifies a signature over bare bytes, which is possible only
// against an artifact.
func (j *judgement) openBlob(at int, item bundle.Item, keys []dsse.Key) error {
	if len(j.policy.Subjects) == 0 {
		return fault.New(fault.SubjectRequired, "a signature over bare bytes is verified only against its artifact").
			WithHint("name the artifact: --subject FILE")
	}
	var failure error
	for a := range j.policy.Subjects {
		err := j.openBlobWith(at, a, item, keys)
		if err == nil {
			return j.demandSame(a)
		}
		if _, ok := err.(unjudged); ok { //nolint:errorlint // never wrapped
			return err
		}
		if failure == nil || fault.ReasonOf(failure) == fault.SubjectMismatch {
			failure = err
		}
	}
	j.addRejected(at, 1, failure)
	return failure
}

// demandSame marks the demanded artifacts with the same bytes as one that the signature
// is over: what is given under two names needs no second signature.
func (j *judgement) demandSame(artifact int) error {
	if len(j.policy.Subjects) == 1 {
		return nil
	}
	signed := intoto.Subject{Digest: j.policy.Subjects[artifact].known()}
	for a := range j.policy.Subjects {
		same, err := j.policy.Subjects[a].matches(signed)
		if err != nil {
			return unjudged{err}
		}
		if same {
			j.result.demanded[a] = true
		}
	}
	return nil
}

// named returns the artifact that a signature over bare bytes names itself, if that is
// what it is judged by. All such signatures are groups of their own.
func (p *Policy) named(b *bundle.Blob) *Artifact {
	if !p.BareByDigest || len(p.Subjects) > 0 || b == nil || b.Payload != nil || b.Algorithm != "SHA2_256" || len(b.Digest) != sha256.Size {
		return nil
	}
	a := &Artifact{Name: "the artifact", Digest: map[string]string{"sha256": hex.EncodeToString(b.Digest)}}
	if p.Artifact == nil {
		return a
	}
	if a.Content = p.Artifact(a.Digest["sha256"]); a.Content != nil {
		a.computed = newComputed(a.Content)
	}
	return a
}

func (j *judgement) openBlobWith(at, artifact int, item bundle.Item, keys []dsse.Key) error {
	a := &j.policy.Subjects[artifact]
	if err := compareBlobDigest(item.Blob, a); err != nil {
		return err
	}
	bare := blobMessage(a)
	k, err := tryBare(bare, fmt.Sprintf("%q", a.Name), item, keys)
	if err != nil {
		return err
	}
	j.bare, j.over = bare, artifact
	j.result.demanded[artifact] = true
	if j.policy.BareByDigest {
		j.result.Artifact = a.Digest["sha256"]
	}
	j.addVerified(at, 0, j.candidateOf(at, k))
	return nil
}

// tryBare finds the key whose signature over bare bytes the item is. what is how
// a message calls the bytes.
func tryBare(m dsse.Message, what string, item bundle.Item, keys []dsse.Key) (key int, err error) {
	signature := dsse.Signature{KeyID: item.Material.KeyHint, Sig: item.Blob.Signature}
	failure := error(fault.New(fault.SignatureUntrusted, "the signature over %s is by none of the %d trusted keys", what, len(keys)))
	for k, key := range keys {
		err := key.Verifier.Verify(m, signature)
		switch fault.ReasonOf(err) {
		case fault.SignatureMismatch, fault.SignatureScheme, fault.KeyForbidden, fault.SubjectRequired, fault.InputTooLarge:
			if r := fault.ReasonOf(err); len(keys) == 1 || r != fault.SignatureMismatch && r != fault.KeyForbidden {
				failure = err
			}
			continue
		}
		if err != nil {
			return 0, unjudged{err}
		}
		return k, nil
	}
	return 0, failure
}

// compareBlobDigest compares the digest in the bundle, which is not signed,
// with the artifact's, so that the wrong file is called that.
func compareBlobDigest(b *bundle.Blob, a *Artifact) error {
	algorithm, ok := map[string]string{"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}[b.Algorithm]
	if !ok {
		if b.Algorithm == "" && len(b.Digest) == 0 {
			return nil
		}
		return fault.New(fault.BundleMalformed, "the messageSignature names a digest algorithm that is not SHA2_256, SHA2_384 or SHA2_512")
	}
	want, known, err := a.digest(algorithm)
	if err != nil {
		return unjudged{err}
	}
	if known && hex.EncodeToString(b.Digest) != want {
		return fault.New(fault.SubjectMismatch, "the bundle is not about %q (%s:%s)", a.Name, algorithm, want)
	}
	return nil
}
