package verify

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// checkSignature finds out which trusted keys signed. It fails if a piece of
// evidence has no signature by any of them.
func checkSignature(j *judgement) error {
	keys, err := j.verifiers()
	if err != nil {
		return unjudged{err}
	}
	var failure error
	for i, item := range j.group {
		if item.Blob != nil {
			err = j.openBlob(i, item, keys)
		} else {
			err = j.openEnvelope(i, item, keys)
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
		failure = j.countHolders(keys)
	}
	if failure == nil {
		j.result.Message = j.message
		j.found = j.countSignatures()
	}
	return failure
}

// countHolders fails if no holder has signed: all there is are halves of
// hybrids, and nothing in the payload is read on their word.
func (j *judgement) countHolders(keys []dsse.Key) error {
	signed := make(map[int]bool)
	for _, s := range j.result.Signers {
		if s.Verified {
			signed[s.key] = true
		}
	}
	tally := dsse.Count(keys, signed)
	err := tally.Check(1, j.keyName)
	if err != nil {
		j.markHalves(&tally)
	}
	return err
}

// markHalves says of the signatures that count only together with others why
// they do not.
func (j *judgement) markHalves(tally *dsse.Tally) {
	for i := range j.result.Signers {
		s := &j.result.Signers[i]
		if !s.Verified || s.Reason != "" {
			continue
		}
		if h := tally.Half(s.key); h != nil {
			err := h.Err(j.keyName)
			s.Counted, s.Reason, s.Message = false, fault.ReasonOf(err), err.Error()
		}
	}
}

// keyName is how messages call a trusted key.
func (j *judgement) keyName(key int) string {
	return fmt.Sprintf("key %q", j.policy.Trust.Keys()[key].Name)
}

func (j *judgement) countSignatures() string {
	type place struct{ evidence, index int }
	all, good := make(map[place]bool), make(map[place]bool)
	for _, s := range j.result.Signers {
		all[place{s.Evidence, s.Index}] = true
		if s.Verified {
			good[place{s.Evidence, s.Index}] = true
		}
	}
	return fmt.Sprintf("%d of %d by a trusted key", len(good), len(all))
}

func (j *judgement) verifiers() ([]dsse.Key, error) {
	if j.policy.verifiers != nil {
		return j.policy.verifiers, nil
	}
	var out []dsse.Key
	trusted := j.policy.Trust.Keys()
	forbidden := j.policy.Profile.Verify(trusted)
	for i, k := range trusted {
		if forbidden[i] != nil {
			out = append(out, dsse.Key{Holder: k.Holder, Hybrid: k.Hybrid, Verifier: unusable{k.Public, forbidden[i]}})
			continue
		}
		v, err := k.Verifier()
		if err != nil && fault.ReasonOf(err) != fault.KeyUnsupported {
			return nil, err
		}
		if err != nil {
			v = unusable{k.Public, fault.Wrap(fault.SignatureScheme, err, "the key cannot be used")}
		}
		out = append(out, dsse.Key{Holder: k.Holder, Hybrid: k.Hybrid, Verifier: v})
	}
	return out, nil
}

// unusable stands for a trusted key that this build cannot verify with or that
// the profile forbids: it computes nothing, verifies nothing and says why.
type unusable struct {
	public crypto.PublicKey
	why    error
}

func (u unusable) Public() crypto.PublicKey { return u.public }

func (u unusable) Verify(dsse.Message, dsse.Signature) error { return u.why }

func (j *judgement) openEnvelope(at int, item bundle.Item, keys []dsse.Key) error {
	opened, err := dsse.Open(item.Envelope, 1, apart(keys)...)
	if err != nil {
		if fault.ReasonOf(err).Exit() == fault.ExitRejected {
			j.addRejected(at, len(item.Envelope.Signatures()), err)
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
		j.addVerified(at, v.Index, v.Key)
	}
	for _, u := range opened.Unverified {
		j.result.Signers = append(j.result.Signers, Signer{
			Evidence: at, Index: u.Index, Reason: fault.ReasonOf(u.Err), Message: u.Err.Error(),
		})
	}
	return nil
}

// apart returns the keys without their hybrids: the other half of one may be in
// another envelope.
func apart(keys []dsse.Key) []dsse.Key {
	out := slices.Clone(keys)
	for i := range out {
		out[i].Hybrid = ""
	}
	return out
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
	k := j.policy.Trust.Keys()[key]
	id, _ := dsse.KeyID(k.Public) // has one: it verified something
	j.result.Signers = append(j.result.Signers, Signer{
		Evidence: at, Index: index, Verified: true, Holder: k.Holder, Name: k.Name, KeyID: id, key: key,
	})
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
		return fault.New(fault.SubjectRequired, "a messageSignature bundle is verified only against its artifact").
			WithHint("name the artifact: --subject FILE")
	}
	var failure error
	for a := range j.policy.Subjects {
		err := j.openBlobWith(at, a, item, keys)
		if err == nil {
			return nil
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

func (j *judgement) openBlobWith(at, artifact int, item bundle.Item, keys []dsse.Key) error {
	a := &j.policy.Subjects[artifact]
	if err := compareBlobDigest(item.Blob, a); err != nil {
		return err
	}
	signature := dsse.Signature{KeyID: item.Material.KeyHint, Sig: item.Blob.Signature}
	failure := error(fault.New(fault.SignatureUntrusted, "the signature over %q is by none of the %d trusted keys", a.Name, len(keys)))
	for k, key := range keys {
		err := key.Verifier.Verify(blobMessage(a), signature)
		switch fault.ReasonOf(err) {
		case fault.SignatureMismatch, fault.SignatureScheme, fault.KeyForbidden, fault.SubjectRequired, fault.InputTooLarge:
			if r := fault.ReasonOf(err); len(keys) == 1 || r != fault.SignatureMismatch && r != fault.KeyForbidden {
				failure = err
			}
			continue
		}
		if err != nil {
			return unjudged{err}
		}
		j.result.demanded[artifact] = true
		j.addVerified(at, 0, k)
		return nil
	}
	return failure
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

// blobMessage returns the artifact as a signature over bare bytes sees it.
func blobMessage(a *Artifact) dsse.Message {
	if a.Content != nil {
		return a.computed.blob
	}
	return digestOnly{a}
}

// digestOnly is a blob of which only digests are known.
type digestOnly struct{ artifact *Artifact }

func (d digestOnly) PayloadType() string { return "" }
func (d digestOnly) Size() int64         { return 0 }

func (d digestOnly) WriteTo(io.Writer) (int64, error) {
	return 0, fault.New(fault.SubjectRequired, "this kind of key signs the artifact itself, and only its digest was given").
		WithHint("name the file: --subject FILE")
}

func (d digestOnly) Digest(h crypto.Hash) ([]byte, error) {
	name := strings.ToLower(strings.ReplaceAll(h.String(), "-", ""))
	s, ok := d.artifact.Digest[name]
	if !ok {
		return nil, fault.New(fault.SubjectRequired, "this key signs a %s digest, and %q is known by another", h, d.artifact.Name).
			WithHint("name the file: --subject FILE")
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, errors.New("malformed digest")
	}
	return b, nil
}
