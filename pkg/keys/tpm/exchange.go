package tpm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/keys"
)

// The formats of the files that machine and verifier exchange. Each is one JSON
// object with the member "format" and those of its structure below.
const (
	EnrolmentFormat = "stella.ops/tpm-enrolment@v1"
	ChallengeFormat = "stella.ops/tpm-challenge@v1"
	AnswerFormat    = "stella.ops/tpm-answer@v1"
	ExpectedFormat  = "stella.ops/tpm-expected@v1"
)

// MaxExchange bounds such a file, in bytes: a certificate is the largest member.
const MaxExchange = 32 << 10

type enrolmentFile struct {
	Format      string `json:"format"`
	Certificate []byte `json:"certificate"` // DER
	Signer      []byte `json:"signer"`      // TPM2B_PUBLIC
}

type challengeFile struct {
	Format string `json:"format"`
	Blob   []byte `json:"blob"`   // of TPM2B_ID_OBJECT
	Secret []byte `json:"secret"` // of TPM2B_ENCRYPTED_SECRET
}

type answerFile struct {
	Format string `json:"format"`
	Answer []byte `json:"answer"`
}

type expectedFile struct {
	Format       string `json:"format"`
	AnswerSHA256 string `json:"answerSha256"` // 64 hex digits
	Signer       string `json:"signer"`       // PEM
	Maker        string `json:"maker"`
	Serial       string `json:"serial"`
}

// Marshal writes the file of an enrolment, for the verifier.
func (e *Enrolment) Marshal() ([]byte, error) {
	return marshalExchange(enrolmentFile{EnrolmentFormat, e.Certificate, e.Signer})
}

// ParseEnrolment reads what Marshal wrote. It checks the form alone; as of all
// these files an error is fault.AttestationMalformed.
func ParseEnrolment(b []byte) (*Enrolment, error) {
	f, err := parseExchange[enrolmentFile](b, EnrolmentFormat)
	return &Enrolment{Certificate: f.Certificate, Signer: f.Signer}, err
}

// Marshal writes the file of a challenge, for the machine.
func (c *Challenge) Marshal() ([]byte, error) {
	return marshalExchange(challengeFile{ChallengeFormat, c.Blob, c.Secret})
}

// ParseChallenge reads what Marshal wrote.
func ParseChallenge(b []byte) (*Challenge, error) {
	f, err := parseExchange[challengeFile](b, ChallengeFormat)
	return &Challenge{Blob: f.Blob, Secret: f.Secret}, err
}

// MarshalAnswer writes the file of an answer, for the verifier.
func MarshalAnswer(answer []byte) ([]byte, error) {
	return marshalExchange(answerFile{AnswerFormat, answer})
}

// ParseAnswer reads what MarshalAnswer wrote.
func ParseAnswer(b []byte) ([]byte, error) {
	f, err := parseExchange[answerFile](b, AnswerFormat)
	return f.Answer, err
}

// Marshal writes what the verifier keeps.
func (x *Expected) Marshal() ([]byte, error) {
	signer, err := keys.MarshalPublic(x.signer)
	if err != nil {
		return nil, err
	}
	return marshalExchange(expectedFile{ExpectedFormat, hex.EncodeToString(x.answer[:]), string(signer), x.maker, x.serial})
}

// ParseExpected reads what Marshal wrote.
func ParseExpected(b []byte) (*Expected, error) {
	f, err := parseExchange[expectedFile](b, ExpectedFormat)
	if err != nil {
		return nil, err
	}
	sum, err := hex.DecodeString(f.AnswerSHA256)
	if err != nil || len(sum) != sha256.Size || hex.EncodeToString(sum) != f.AnswerSHA256 {
		return nil, badExchange(ExpectedFormat, "answerSha256 is not a SHA-256")
	}
	list, err := keys.ParsePublic([]byte(f.Signer))
	if err != nil || len(list) != 1 || list[0].Certificate != nil || list[0].FIDO2 != nil {
		return nil, badExchange(ExpectedFormat, "signer is not a public key")
	}
	return &Expected{signer: list[0].Key, answer: [sha256.Size]byte(sum), maker: f.Maker, serial: f.Serial}, nil
}

func marshalExchange(v any) ([]byte, error) {
	b, err := json.Marshal(v, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "failed to encode the file")
	}
	return append(b, '\n'), nil
}

// parseExchange reads a file of a format strictly: written again it must be the
// same but for spaces and order, which leaves no room for unknown members, null and
// odd base64.
func parseExchange[T any](b []byte, format string) (T, error) {
	var v, none T
	if len(b) > MaxExchange {
		return none, badExchange(format, "it is over the limit")
	}
	var head struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(b, &head); err != nil || head.Format != format {
		return none, badExchange(format, "it is not JSON of this format")
	}
	if err := json.Unmarshal(b, &v, json.RejectUnknownMembers(true)); err != nil {
		return none, badExchange(format, "a member is unknown or of the wrong type")
	}
	given, err := canonical.Append(nil, b)
	if err != nil {
		return none, badExchange(format, "it has no canonical form")
	}
	written, err := marshalExchange(v)
	if err != nil {
		return none, err
	}
	again, err := canonical.Append(nil, written)
	if err != nil || !bytes.Equal(given, again) {
		return none, badExchange(format, "a member is missing, null or not in its one form")
	}
	return v, nil
}

func badExchange(format, what string) error {
	return fault.New(fault.AttestationMalformed, "malformed file, %q is wanted: %s", format, what).
		WithHint("give the file as stella wrote it")
}
