package material

import (
	"bytes"
	"cmp"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	tilespb "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"github.com/sigstore/rekor-tiles/v2/pkg/types/hashedrekord"
	tilesverify "github.com/sigstore/rekor-tiles/v2/pkg/verify"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

// by returns who runs the log.
func (l *log) by() string { return cmp.Or(l.operator, l.name) }

// first returns the first log that check accepts, or why the last did not.
func first(logs []*log, check func(*log) error) (*log, error) {
	var err error
	for _, l := range logs {
		if err = check(l); err == nil {
			return l, nil
		}
	}
	return nil, err
}

// promise verifies the signed entry timestamp, which only Rekor v1 gives, within
// the log's window.
func (j *entryJudge) promise() (*log, error) {
	id := hex.EncodeToString([]byte(j.entry.LogKeyID()))
	l, err := first(j.logs, func(l *log) error {
		return inWords(tlog.VerifySET(j.entry, map[string]*root.TransparencyLog{id: l.lib}))
	})
	if err != nil {
		return nil, fmt.Errorf("inclusion promise: %w", err)
	}
	j.found.Promise, j.found.Time = true, j.entry.IntegratedTime().UTC()
	return l, nil
}

// proof verifies the inclusion proof and its checkpoint.
func (j *entryJudge) proof() (*log, error) {
	check := j.proofV2
	if hasTreeID(j.checkpoint()) {
		check = func(l *log) error { return inWords(tlog.VerifyInclusion(j.entry, l.verifier)) }
	}
	if hasTreeID(j.checkpoint()) != (j.found.Version == 1) {
		return nil, fmt.Errorf("the entry is of Rekor v%d, and its checkpoint is not", j.found.Version)
	}
	l, err := first(j.logs, check)
	if err != nil {
		return nil, fmt.Errorf("inclusion proof: %w", err)
	}
	j.found.Proof = true
	if j.found.Version == 2 {
		j.found.Witnesses = j.root.cosigned(j.checkpoint(), j.at)
	}
	return l, nil
}

func (j *entryJudge) checkpoint() string {
	return j.entry.TransparencyLogEntry().GetInclusionProof().GetCheckpoint().GetEnvelope()
}

// hasTreeID tells the checkpoints of Rekor v1 by their origin, which ends in a
// tree id.
func hasTreeID(checkpoint string) bool {
	origin, _, _ := strings.Cut(checkpoint, "\n")
	i := strings.LastIndex(origin, " - ")
	return i >= 0 && i+3 < len(origin) && strings.Trim(origin[i+3:], "0123456789") == ""
}

// proofV2 verifies that the log holds the entry that the signer would have made
// of the signature: the entry's own body is not looked at.
func (j *entryJudge) proofV2(l *log) error {
	if l.note == nil {
		return errors.New("the trusted root gives no base URL for the log, which names its checkpoints")
	}
	hash, err := j.signed.entryHashV2()
	if err != nil {
		return err
	}
	return inWords(tilesverify.VerifyLogEntryWithHash(j.entry.TransparencyLogEntry(), l.note, hash))
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
	return j.aboutBlob()
}

func (j *entryJudge) aboutPayload() error {
	logged, ok := j.entry.GetDssePayloadHash()
	if !ok {
		return errors.New("it is not about an envelope")
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

func (j *entryJudge) aboutBlob() error {
	logged, algorithm, ok := j.entry.GetHashedRekordDigest()
	if !ok {
		return errors.New("it is not about a blob")
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
		return errors.New("it is about another blob")
	}
	return nil
}
