package material

import (
	"bytes"
	"cmp"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"

	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	tilespb "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"github.com/sigstore/rekor-tiles/v2/pkg/types/hashedrekord"
	tilesverify "github.com/sigstore/rekor-tiles/v2/pkg/verify"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// by returns who runs the log.
func (l *log) by() string { return cmp.Or(l.operator, l.name) }

// every returns the logs that check accepts or, if there are none, why the last
// was not.
func every(logs []*log, check func(*log) error) ([]*log, error) {
	var good []*log
	var last error
	for _, l := range logs {
		if err := check(l); err != nil {
			last = err
			continue
		}
		good = append(good, l)
	}
	if len(good) == 0 {
		return nil, last
	}
	return good, nil
}

// promise verifies the signed entry timestamp, which only Rekor v1 gives, within
// the log's window.
func (j *entryJudge) promise() error {
	id := hex.EncodeToString([]byte(j.entry.LogKeyID()))
	logs, err := every(j.found.logs, func(l *log) error {
		return inWords(tlog.VerifySET(j.entry, map[string]*root.TransparencyLog{id: l.lib}))
	})
	if err != nil {
		return fmt.Errorf("inclusion promise: %w", err)
	}
	j.found.Promise, j.found.Time, j.found.logs = true, j.entry.IntegratedTime().UTC(), logs
	return nil
}

// proof verifies the inclusion proof and its checkpoint. It proves no time.
func (j *entryJudge) proof() error {
	p := j.entry.TransparencyLogEntry().GetInclusionProof()
	name, tree := splitOrigin(p.GetCheckpoint().GetEnvelope())
	v1 := j.found.Version == 1
	if tree && !v1 {
		return fmt.Errorf("the entry is of Rekor v%d, and its checkpoint is not", j.found.Version)
	}
	logs, err := every(j.found.logs, func(l *log) error {
		if v1 {
			return cmp.Or(proofWords(tlog.VerifyInclusion(j.entry, l.verifier)), l.called(name))
		}
		return j.proofV2(l)
	})
	if err == nil {
		err = agrees(p)
	}
	if err != nil {
		return fmt.Errorf("inclusion proof: %w", err)
	}
	j.found.Proof, j.found.logs = true, logs
	if !v1 {
		j.found.Witnesses = j.root.cosigned(p.GetCheckpoint().GetEnvelope(), j.at)
	}
	return nil
}

// proofV2 verifies that the log holds the entry that the signer would have made
// of the signature, and that the bundle shows this entry.
func (j *entryJudge) proofV2(l *log) error {
	pb := j.entry.TransparencyLogEntry()
	if l.note == nil {
		return errors.New("the trusted root gives no base URL for the log, which names its checkpoints")
	}
	hash, err := j.signed.entryHashV2()
	if err != nil {
		return err
	}
	if err := tilesverify.VerifyLogEntryWithHash(pb, l.note, hash); err != nil {
		return proofWords(err)
	}
	if !bytes.Equal(hash, rfc6962.DefaultHasher.HashLeaf(pb.GetCanonicalizedBody())) {
		return errors.New("the entry in the bundle is not the one in the log")
	}
	if pb.GetInclusionProof().GetLogIndex() != pb.GetLogIndex() {
		return errors.New("it is of another index than the entry")
	}
	return nil
}

// proofWords is inWords for the error that would show two hashes in decimal.
func proofWords(err error) error {
	if _, ok := errors.AsType[proof.RootMismatchError](err); ok {
		return errors.New("it does not lead from the entry to the root")
	}
	return inWords(err)
}

// entryHashV2 is the Merkle leaf of a hashedrekord 0.0.2 about the signature.
func (s *Signed) entryHashV2() ([]byte, error) {
	// A prehashing scheme for each type of key: Ed25519ph, since a log cannot
	// verify Ed25519 by a digest.
	details, err := signature.GetDefaultAlgorithmDetails(s.publicKey(), options.WithED25519ph())
	if err != nil {
		return nil, err
	}
	h := details.GetHashType()
	if h == 0 || !h.Available() {
		return nil, errors.New("signatures by this type of key are not in Rekor v2 logs")
	}
	verifier := &tilespb.Verifier{KeyDetails: details.GetSignatureAlgorithm()}
	if err := s.setVerifier(verifier); err != nil {
		return nil, err
	}
	digest, err := s.Digest(h)
	if err != nil {
		return nil, err
	}
	return hashedrekord.ToEntryHash(digest, &tilespb.Signature{Content: s.Signature, Verifier: verifier})
}

func (s *Signed) setVerifier(v *tilespb.Verifier) error {
	if s.Leaf != nil {
		v.Verifier = &tilespb.Verifier_X509Certificate{X509Certificate: &commonpb.X509Certificate{RawBytes: s.Leaf.cert.Raw}}
		return nil
	}
	der, err := spki(s.Key)
	v.Verifier = &tilespb.Verifier_PublicKey{PublicKey: &tilespb.PublicKey{RawBytes: der}}
	return err
}

// about checks that an entry of Rekor v1 is about the signature, part by part. In
// v2 the entry was made from the signature, so it is.
func (j *entryJudge) about() error {
	switch {
	case j.found.Version == 2:
		return nil
	case !bytes.Equal(j.entry.Signature(), j.signed.Signature):
		return errors.New("it is about another signature")
	case !j.signed.signedBy(j.entry.PublicKey()):
		return errors.New("it is about a signature with another key or certificate")
	case j.signed.PayloadSHA256 != nil:
		return j.aboutPayload()
	}
	return j.aboutSigned("blob")
}

// aboutPayload compares the payload's digest or, where the entry is one of bare bytes, that
// of what the envelope's signature covers (Sigstore client specification, "Bundle content
// vs. Rekor entry kind").
func (j *entryJudge) aboutPayload() error {
	logged, ok := j.entry.GetDssePayloadHash()
	if !ok {
		return j.aboutSigned("envelope")
	}
	sum, err := j.signed.PayloadSHA256()
	if err != nil {
		return err
	}
	if !bytes.Equal(sum, logged) {
		return errors.New("it is about another payload")
	}
	return nil
}

// aboutSigned compares the digest of what the signature covers. what is what that is called.
func (j *entryJudge) aboutSigned(what string) error {
	logged, algorithm, ok := j.entry.GetHashedRekordDigest()
	if !ok {
		return fmt.Errorf("it is not about any %s", what)
	}
	h, ok := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}[algorithm]
	if !ok {
		return fmt.Errorf("its digest is by %.40q", algorithm)
	}
	sum, err := j.signed.Digest(h)
	if err != nil {
		return err
	}
	if !bytes.Equal(sum, logged) {
		return fmt.Errorf("it is about another %s", what)
	}
	return nil
}
