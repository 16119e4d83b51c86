package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

// The statuses of a signature that is shown.
const (
	notVerified    = "not_verified" // nobody was trusted to judge it by
	verifiedStatus = "verified"
	rejected       = "rejected"
)

// signatureView is one signature and what became of it.
type signatureView struct {
	KeyID     string `json:"keyId,omitempty"` // as it claims; a certificate's stands with the certificate
	Size      int    `json:"size"`
	Extension string `json:"extension,omitempty"`
	// Status is not_verified, verified or rejected. What follows is there only with a
	// verdict; what the evidence says of itself stands elsewhere.
	Status      string              `json:"status"`
	Signer      string              `json:"signer,omitempty"`
	SignerKeyID string              `json:"signerKeyId,omitempty"`
	Algorithm   string              `json:"algorithm,omitempty"`
	Time        *verify.SigningTime `json:"time,omitempty"`
	Proofs      []verify.Proof      `json:"proofs,omitempty"`
	Reason      fault.Reason        `json:"reason,omitempty"`
	Message     string              `json:"message,omitempty"`
}

// judge gives each signature that is shown its verdict, by the trust that was named
// or else the active trust bundle. Without any, nothing is verified.
func (o *attestShowOptions) judge(ctx context.Context, s *session, r *attestView, items []bundle.Item) error {
	policy := &verify.Policy{
		Threshold: 1, Spellings: predicate.Spellings, At: s.Now(), Profile: s.config.Profile,
		BareByDigest: true, // which is shown, and compared with nothing
	}
	if o.at != "" {
		var err error
		if policy.At, err = parseInstant("at", o.at); err != nil {
			return err
		}
	}
	if err := o.trust.apply(ctx, s, policy); err != nil {
		if fault.ReasonOf(err) == fault.TrustRequired && !o.trust.given() && len(o.trust.paths()) == 0 {
			return nil
		}
		return err
	}
	if err := o.proofs.apply(policy); err != nil {
		return err
	}
	e := &verify.Evidence{}
	e.Add(items...)
	whole, err := verify.Verify(ctx, e, policy)
	if whole == nil {
		return err // a verdict, too, comes with an error
	}
	r.Judged = true
	index := make(map[[2]string]int, len(items))
	for i := range items {
		index[itemKey(items[i].Line, items[i].Part)] = i
	}
	for i := range whole.Results {
		result := &whole.Results[i]
		r.unjudged(result, index)
		for k := range result.Signers {
			signer := &result.Signers[k]
			source := result.Evidence[signer.Evidence]
			at, ok := index[itemKey(source.Line, source.Part)]
			if ok && signer.Index < len(r.Items[at].Signatures) {
				item := &r.Items[at]
				item.Signatures[signer.Index].judged(signer, whole, item.Certificates)
			}
		}
	}
	return nil
}

// unjudged says of the signatures of a result that nobody could judge why that is.
func (r *attestView) unjudged(result *verify.Result, index map[[2]string]int) {
	if len(result.Signers) > 0 {
		return
	}
	failed := slices.IndexFunc(result.Checks, func(c verify.Check) bool { return c.Status == verify.Failed })
	for _, source := range result.Evidence {
		at, ok := index[itemKey(source.Line, source.Part)]
		if !ok || failed < 0 {
			continue
		}
		for i := range r.Items[at].Signatures {
			v := &r.Items[at].Signatures[i]
			v.Reason, v.Message = result.Checks[failed].Reason, result.Checks[failed].Message
		}
	}
}

func itemKey(line int, part string) [2]string { return [2]string{fmt.Sprint(line), part} }

func (v *signatureView) judged(s *verify.Signer, whole *verify.Report, certificates []certificateView) {
	v.Status, v.Reason, v.Message = rejected, s.Reason, s.Message
	v.Time, v.Proofs = s.Time, s.Proofs
	if !s.Verified {
		return
	}
	v.Signer, v.SignerKeyID = report.SignerName(s), s.KeyID
	for _, k := range whole.Trust.Keys {
		if k.KeyID == s.KeyID {
			v.Algorithm = k.Algorithm
		}
	}
	for i := range certificates {
		if c := &certificates[i]; v.Algorithm == "" && c.KeyID == s.KeyID {
			v.Algorithm = c.Algorithm
		}
	}
	if s.Counted {
		v.Status = verifiedStatus
	}
}

// show shows a signature, so that what is not verified cannot be missed.
func (v *signatureView) show(p *ui.Printer, n int) {
	name := fmt.Sprintf("signature %d  ", n)
	switch v.Status {
	case verifiedStatus:
		p.Status(ui.Passed, ui.T(name), ui.Styled(ui.Good, "verified"), ui.T(": "+v.Signer))
	case rejected:
		p.Status(ui.Failed, ui.T(name), ui.Styled(ui.Bad, "REJECTED"), ui.T(": "+v.Message), ui.Styled(ui.Faint, "  "+string(v.Reason)))
	default:
		line := []ui.Text{ui.T(name), ui.Styled(ui.Warn, "NOT VERIFIED")}
		if v.Message != "" {
			line = append(line, ui.T(": "+v.Message), ui.Styled(ui.Faint, "  "+string(v.Reason)))
		}
		p.Status(ui.Warned, line...)
	}
	pairs := []ui.Pair{ui.P("size", ui.T(fmt.Sprintf("%d bytes", v.Size)))}
	if v.KeyID != "" {
		pairs = append(pairs, ui.P("claims key", ui.T(v.KeyID)))
	}
	if v.Extension != "" {
		pairs = append(pairs, ui.P("made by", ui.T("a device, as the extension "+v.Extension+" says")))
	}
	if v.SignerKeyID != "" {
		pairs = append(pairs, ui.P("key", p.Digest(v.SignerKeyID), ui.T("  "+v.Algorithm)))
	}
	if t := v.Time; t != nil {
		pairs = append(pairs, ui.P("judged at", ui.T(report.TimeWords(t))))
	}
	p.Pairs(pairs...)
	for i := range v.Proofs {
		proof := &v.Proofs[i]
		p.Status(*glyphOf(proof.Status), ui.T(report.ProofName(proof.Kind)+"  "+report.ProofWords(proof)))
	}
}
