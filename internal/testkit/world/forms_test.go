package world_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"encoding/pem"
	"testing"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/world"
)

// The older forms are turned into bundles here, by their specifications alone,
// and shown to stock sigstore-go.

// cosignBundle is cosign's own form.
type cosignBundle struct {
	Signature []byte      `json:"base64Signature"`
	Cert      []byte      `json:"cert"` // PEM
	Rekor     cosignRekor `json:"rekorBundle"`
}

type cosignRekor struct {
	SignedEntryTimestamp []byte
	Payload              struct {
		Body           []byte `json:"body"`
		IntegratedTime int64  `json:"integratedTime"`
		LogIndex       int64  `json:"logIndex"`
		LogID          string `json:"logID"`
	}
}

// entry is a log entry with its promise alone.
func (r cosignRekor) entry(t *testing.T) *rekorpb.TransparencyLogEntry {
	t.Helper()
	id, err := hex.DecodeString(r.Payload.LogID)
	require.NoError(t, err)
	var body struct{ Kind, APIVersion string }
	require.NoError(t, json.Unmarshal(r.Payload.Body, &body, json.MatchCaseInsensitiveNames(true)))
	return &rekorpb.TransparencyLogEntry{
		LogIndex: r.Payload.LogIndex, LogId: &commonpb.LogId{KeyId: id}, IntegratedTime: r.Payload.IntegratedTime,
		KindVersion:       &rekorpb.KindVersion{Kind: body.Kind, Version: body.APIVersion},
		InclusionPromise:  &rekorpb.InclusionPromise{SignedEntryTimestamp: r.SignedEntryTimestamp},
		CanonicalizedBody: r.Payload.Body,
	}
}

// bundleOf is a bundle of version 0.1 with a certificate and a promise.
func bundleOf(t *testing.T, cert []byte, rekor cosignRekor) *bundlepb.Bundle {
	t.Helper()
	block, _ := pem.Decode(cert)
	require.NotNil(t, block)
	chain := &commonpb.X509CertificateChain{Certificates: []*commonpb.X509Certificate{{RawBytes: block.Bytes}}}
	return &bundlepb.Bundle{
		MediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1",
		VerificationMaterial: &bundlepb.VerificationMaterial{
			Content:     &bundlepb.VerificationMaterial_X509CertificateChain{X509CertificateChain: chain},
			TlogEntries: []*rekorpb.TransparencyLogEntry{rekor.entry(t)},
		},
	}
}

func messageContent(signature, artifact []byte) *bundlepb.Bundle_MessageSignature {
	digest := sha256.Sum256(artifact)
	return &bundlepb.Bundle_MessageSignature{MessageSignature: &commonpb.MessageSignature{
		MessageDigest: &commonpb.HashOutput{Algorithm: commonpb.HashAlgorithm_SHA2_256, Digest: digest[:]},
		Signature:     signature,
	}}
}

func envelopeContent(t *testing.T, raw []byte) *bundlepb.Bundle_DsseEnvelope {
	t.Helper()
	envelope := &dssepb.Envelope{}
	require.NoError(t, protojson.Unmarshal(raw, envelope))
	return &bundlepb.Bundle_DsseEnvelope{DsseEnvelope: envelope}
}

// accepted shows sigstore-go a bundle about an artifact.
func accepted(t *testing.T, w *world.World, bundle, artifact []byte, d world.Demand) {
	t.Helper()
	require.NoError(t, sigstoreGo(&world.Evidence{Bundle: bundle, TrustedRoot: w.TrustedRoot(), Artifact: artifact, Demand: d}))
}

// logged is what keyless evidence without a timestamp has.
func logged() world.Demand {
	return world.Demand{Identity: world.DefaultIdentity, Issuer: world.DefaultIssuer, Logs: 1, SCTs: 1}
}

func encoded(t *testing.T, b *bundlepb.Bundle) []byte {
	t.Helper()
	raw, err := protojson.Marshal(b)
	require.NoError(t, err)
	return raw
}

func TestCosignBundle(t *testing.T) {
	w, artifact := world.New(t.Name()), []byte(world.DefaultArtifact)
	for name, content := range map[string]world.Content{"message": world.Message, "statement": world.Statement} {
		t.Run(name, func(t *testing.T) {
			var old cosignBundle
			require.NoError(t, json.Unmarshal(w.CosignBundle(world.Options{Content: content}), &old, json.RejectUnknownMembers(true)))
			b := bundleOf(t, old.Cert, old.Rekor)
			b.Content = messageContent(old.Signature, artifact)
			if content == world.Statement {
				b.Content = envelopeContent(t, old.Signature)
			}
			accepted(t, w, encoded(t, b), artifact, logged())
		})
	}
}

func TestCosignBundleOfKey(t *testing.T) {
	var old cosignBundle
	raw := world.New(t.Name()).CosignBundle(world.Options{Content: world.Message, Signer: world.Key, Log: world.NoLog})
	require.NoError(t, json.Unmarshal(raw, &old))
	require.NotEmpty(t, old.Signature)
	require.Empty(t, old.Cert)
	require.NotContains(t, string(raw), "rekorBundle")
}

// TestDetached has OpenSSL verify a detached signature by the certificate's key.
func TestDetached(t *testing.T) {
	d := world.New(t.Name()).Detached(world.Options{})
	pemOf, err := base64.StdEncoding.DecodeString(string(d.CertificateBase64))
	require.NoError(t, err)
	require.Equal(t, string(d.Certificate), string(pemOf))
	signature, err := base64.StdEncoding.DecodeString(string(d.Signature))
	require.NoError(t, err)

	dir := files(t, map[string][]byte{"artifact": d.Artifact, "cert.pem": d.Certificate, "signature": signature})
	key := testkit.Tool(t, dir, "openssl", "x509", "-in", "cert.pem", "-noout", "-pubkey")
	write(t, dir, "key.pem", key)
	testkit.Tool(t, dir, "openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "artifact")
}

type listed struct {
	Attestations []struct {
		PredicateType string         `json:"predicateType"`
		Bundle        jsontext.Value `json:"bundle"`
		RepositoryID  int            `json:"repository_id"`
	} `json:"attestations"`
}

func TestNPM(t *testing.T) {
	w, tarball := world.New(t.Name()), []byte("a tarball")
	var list listed
	require.NoError(t, json.Unmarshal(w.NPM(tarball), &list))
	require.Len(t, list.Attestations, 2)
	require.Equal(t, "https://github.com/npm/attestation/tree/main/specs/publish/v0.1", list.Attestations[0].PredicateType)
	accepted(t, w, list.Attestations[0].Bundle, tarball, world.Demand{PublicKey: publicKey(t, w), Logs: 1})
	require.Equal(t, "https://slsa.dev/provenance/v1", list.Attestations[1].PredicateType)
	accepted(t, w, list.Attestations[1].Bundle, tarball, logged())
}

func TestGitHub(t *testing.T) {
	w, artifact := world.New(t.Name()), []byte(world.DefaultArtifact)
	var list listed
	require.NoError(t, json.Unmarshal(w.GitHub(world.Options{}, world.Options{Log: world.LogV2}), &list))
	require.Len(t, list.Attestations, 2)
	for _, a := range list.Attestations {
		require.Positive(t, a.RepositoryID)
		demand := logged()
		demand.Timestamps = 1
		accepted(t, w, a.Bundle, artifact, demand)
	}
}

// pypiAttestation is an attestation object of PEP 740.
type pypiAttestation struct {
	Version  int `json:"version"`
	Material struct {
		Certificate []byte           `json:"certificate"`
		Entries     []jsontext.Value `json:"transparency_entries"`
	} `json:"verification_material"`
	Envelope struct {
		Statement []byte `json:"statement"`
		Signature []byte `json:"signature"`
	} `json:"envelope"`
}

func TestPyPI(t *testing.T) {
	w, file := world.New(t.Name()), []byte("a wheel")
	var provenance struct {
		Version int `json:"version"`
		Bundles []struct {
			Publisher    map[string]any    `json:"publisher"`
			Attestations []pypiAttestation `json:"attestations"`
		} `json:"attestation_bundles"`
	}
	require.NoError(t, json.Unmarshal(w.PyPIProvenance("app-1.0.0-py3-none-any.whl", file), &provenance, json.RejectUnknownMembers(true)))
	require.Equal(t, 1, provenance.Version)
	a := provenance.Bundles[0].Attestations[0]
	require.Equal(t, 1, a.Version)

	entry := &rekorpb.TransparencyLogEntry{}
	require.NoError(t, protojson.Unmarshal(a.Material.Entries[0], entry))
	b := &bundlepb.Bundle{
		MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
		VerificationMaterial: &bundlepb.VerificationMaterial{
			Content:     &bundlepb.VerificationMaterial_Certificate{Certificate: &commonpb.X509Certificate{RawBytes: a.Material.Certificate}},
			TlogEntries: []*rekorpb.TransparencyLogEntry{entry},
		},
		Content: &bundlepb.Bundle_DsseEnvelope{DsseEnvelope: &dssepb.Envelope{
			Payload: a.Envelope.Statement, PayloadType: "application/vnd.in-toto+json",
			Signatures: []*dssepb.Signature{{Sig: a.Envelope.Signature}},
		}},
	}
	accepted(t, w, encoded(t, b), file, logged())
}
