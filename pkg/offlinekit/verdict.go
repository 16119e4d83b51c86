package offlinekit

import (
	_ "embed"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
	"github.com/stellaops/stella/pkg/verify"
)

//go:embed verdict.schema.json
var verdictSchema string

// VerdictJSONSchema returns the JSON Schema (draft 2020-12) of a Verdict.
func VerdictJSONSchema() string { return verdictSchema }

// VerdictSchema names the JSON form of a Verdict.
const VerdictSchema = "stella.ops/kitVerdict@v1"

// What became of the signatures on the statement of a kit.
const (
	SignatureVerified   = "verified"
	SignatureFailed     = "failed"
	SignatureNotChecked = "not_checked" // as the caller wanted it
)

// Verdict is what Check found.
type Verdict struct {
	Schema   string `json:"schema"`
	Verified bool   `json:"verified"`
	Exit     int    `json:"exit"`
	// Reason and Problem are those of what fixed Exit; empty if all is well.
	Reason  fault.Reason `json:"reason,omitempty"`
	Problem string       `json:"problem,omitempty"`
	// Signature is verified, failed or not_checked, and Statement the verdict on it;
	// nil if there was none to judge.
	Signature string         `json:"signature"`
	Statement *verify.Report `json:"statement,omitempty"`
	// Whole says that every file is there and is what the manifest says.
	Whole        bool      `json:"whole"`
	Findings     []Finding `json:"findings"`
	MoreFindings int       `json:"moreFindings,omitzero"`
	// Trust is what is in trust/; nil if there is none, or it was not reached.
	Trust *TrustFound `json:"trust,omitempty"`
	// Evidence counts what is in the kit, and Gaps says what is missing for it to be
	// verified with nothing but the kit.
	Evidence EvidenceFound `json:"evidence"`
	Gaps     []Gap         `json:"gaps"`
	MoreGaps int           `json:"moreGaps,omitzero"`
	// Claims is what the manifest says; nil if it cannot be read.
	Claims *Claims `json:"claims,omitempty"`
}

// Claims is what a manifest says of its kit.
type Claims struct {
	Name      string    `json:"name"`
	Channel   string    `json:"channel"`
	Version   int64     `json:"version"`
	Label     string    `json:"label,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	Files     int       `json:"files"`
	Bytes     int64     `json:"bytes"`
}

// TrustFound is the trust in a kit, as a client finds it that begins with its first
// root. Whether that root is the right one is for the auditor to know.
type TrustFound struct {
	RootSHA256 string             `json:"rootSha256"`
	Roles      []trust.RoleStatus `json:"roles"`
	Keys       int                `json:"keys"`
}

// EvidenceFound counts envelopes and bundles.
type EvidenceFound struct {
	Pieces int `json:"pieces"`
	// Verifiable are those that the trust in the kit suffices to verify.
	Verifiable int `json:"verifiable"`
}

// The kinds of gaps.
const (
	GapEvidence   = "evidence"   // cannot be verified with the trust in the kit
	GapRevocation = "revocation" // nothing in the kit says whether a certificate is revoked
	GapSubject    = "subject"    // what the evidence is about is not in the kit
	GapBlob       = "blob"       // part of an image
	GapReferrer   = "referrer"   // attached to an image that is not in the kit
	GapTrust      = "trust"      // none, or it will expire soon
)

// Gap is one thing that is missing for something in the kit to be of use. File comes
// from the kit.
type Gap struct {
	Kind string `json:"kind"`
	File string `json:"file"`
	// Reason is that of the verdict on the evidence, if there was one.
	Reason  fault.Reason `json:"reason,omitempty"`
	Message string       `json:"message"`
	// Add says what to add to the kit, as an imperative.
	Add string `json:"add"`
}

func (v *Verdict) gap(g Gap) {
	if len(v.Gaps) == MaxFindings {
		v.MoreGaps++
		return
	}
	v.Gaps = append(v.Gaps, g)
}

// fail makes err what fixed the exit status, and returns it.
func (v *Verdict) fail(err error) error {
	v.Verified, v.Reason, v.Problem = false, fault.ReasonOf(err), err.Error()
	v.Exit = v.Reason.Exit()
	return err
}
