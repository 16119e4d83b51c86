package oracle

import (
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"

	"github.com/stellaops/stella/internal/testkit/world"
)

// shown is what a document shows to whom reads it as a bundle, each part if it is
// there.
type shown struct {
	Payload    jsontext.Value   `json:"payload"`
	Signatures []jsontext.Value `json:"signatures"`
	Envelope   struct {
		Payload     []byte                    `json:"payload"`
		PayloadType string                    `json:"payloadType"`
		Signatures  []envelopeSignature       `json:"signatures"`
		Unknown     map[string]jsontext.Value `json:",embed"`
	} `json:"dsseEnvelope"`
	Message *struct {
		Digest struct {
			Digest []byte `json:"digest"`
		} `json:"messageDigest"`
	} `json:"messageSignature"`
	Material materialShown `json:"verificationMaterial"`
}

type materialShown struct {
	Certificate jsontext.Value `json:"certificate"`
	Chain       jsontext.Value `json:"x509CertificateChain"`
}

func (m *materialShown) certified() bool { return m.Certificate != nil || m.Chain != nil }

type envelopeSignature struct {
	Sig     []byte                    `json:"sig"`
	KeyID   string                    `json:"keyid"`
	Unknown map[string]jsontext.Value `json:",embed"`
}

// statement is an in-toto statement.
type statement struct {
	Type          string                    `json:"_type"`
	PredicateType string                    `json:"predicateType"`
	Predicate     jsontext.Value            `json:"predicate"`
	Subjects      []subject                 `json:"subject"`
	Unknown       map[string]jsontext.Value `json:",embed"`
}

// subject is a ResourceDescriptor.
type subject struct {
	Name             string                    `json:"name"`
	URI              string                    `json:"uri"`
	Digest           map[string]string         `json:"digest"`
	Content          string                    `json:"content"`
	DownloadLocation string                    `json:"downloadLocation"`
	MediaType        string                    `json:"mediaType"`
	Annotations      jsontext.Value            `json:"annotations"`
	Unknown          map[string]jsontext.Value `json:",embed"`
}

// isOdd reports whether a digest is not hexadecimal.
func (s subject) isOdd() bool {
	for _, digest := range s.Digest {
		if _, err := hex.DecodeString(digest); err != nil {
			return true
		}
	}
	return false
}

// bundleOf and statementOf return what could be read, which is nothing of what is
// no JSON.
func bundleOf(e *world.Evidence) (s shown) {
	if json.Unmarshal(e.Bundle, &s) != nil {
		return shown{}
	}
	return s
}

func statementOf(e *world.Evidence) (s statement) {
	if json.Unmarshal(bundleOf(e).Envelope.Payload, &s) != nil {
		return statement{}
	}
	return s
}
