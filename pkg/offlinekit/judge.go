package offlinekit

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// judge tells whether evidence can be verified with the trust of a kit. It asks for one
// signature that counts, by anybody whom the trust knows or vouches for: what an
// auditor demands beyond that nobody knows when the kit is built.
type judge struct {
	ctx     context.Context
	policy  *verify.Policy // nil if there is no trust
	private bool           // a private authority is trusted
	blind   bool           // the trust cannot be read, so nothing is said of evidence
}

func newJudge(ctx context.Context, t *trust.Examined, now time.Time) *judge {
	j := &judge{ctx: ctx}
	if t == nil {
		return j
	}
	j.policy = &verify.Policy{Threshold: 1, At: now, Spellings: predicate.Spellings, Trust: t.Trust, Root: t.Contents.Root}
	for _, a := range t.Contents.Root.Authorities() {
		switch a.Kind {
		case material.KindPrivateCA:
			j.private = true
			fallthrough
		case material.KindCA:
			j.policy.Identities = []verify.Identity{{SubjectAlternativeName: verify.AnyUnsafe(), Issuer: verify.AnyUnsafe()}}
		}
	}
	return j
}

// opinion is what is found about evidence.
type opinion struct {
	pieces, verifiable int
	gaps               []Gap
}

func (o *opinion) gap(kind, file string, reason fault.Reason, message, add string) {
	o.gaps = append(o.gaps, Gap{kind, file, reason, message, add})
}

func (o *opinion) unreadable(file string, err error) {
	o.gap(GapEvidence, file, fault.ReasonOf(err), "it cannot be read: "+err.Error(), "have it made anew, or leave it away")
}

// file judges a file of evidence. digests are those of all files in the kit.
func (j *judge) file(f *input.File, digests map[string]bool) (*opinion, error) {
	o := &opinion{}
	items, _, err := bundle.Read(f) // no opinion rests on what was ignored in it
	if err != nil {
		o.unreadable(f.Name(), err)
		return o, nil
	}
	about, lacking := artifacts(items, digests)
	if lacking != "" {
		o.pieces = len(items)
		o.gap(GapSubject, f.Name(), fault.SubjectRequired, "it is a signature over a file that is not in the kit: "+lacking, "add the file with --document")
		return o, nil
	}
	evidence := &verify.Evidence{}
	evidence.Add(items...)
	return o, j.evidence(o, evidence, about, f.Name(), digests)
}

// artifacts are the files that bare signatures are over. What is lacking is told by
// its digest, or by what is wrong.
func artifacts(items []bundle.Item, digests map[string]bool) (about []verify.Artifact, lacking string) {
	for i := range items {
		blob := items[i].Blob
		if blob == nil || blob.Payload != nil {
			continue
		}
		digest := hex.EncodeToString(blob.Digest)
		switch {
		case len(blob.Digest) != 32:
			return nil, "it does not say which"
		case !digests[digest]:
			return nil, "sha256:" + digest
		}
		about = append(about, verify.Artifact{Name: "sha256:" + digest, Digest: map[string]string{"sha256": digest}})
	}
	return about, ""
}

// evidence judges pieces of evidence.
func (j *judge) evidence(o *opinion, e *verify.Evidence, about []verify.Artifact, file string, digests map[string]bool) error {
	if j.blind {
		o.pieces += e.Len()
		return nil
	}
	if j.policy == nil {
		o.pieces += e.Len()
		o.gap(GapEvidence, file, fault.TrustRequired, "there is no trust in the kit to verify it with", "build the kit with --trust")
		return nil
	}
	report, err := j.verify(e, about, false)
	if report == nil {
		if cause := context.Cause(j.ctx); cause != nil {
			return cause
		}
		o.pieces += e.Len()
		o.gap(GapEvidence, file, fault.ReasonOf(err), err.Error(), fault.HintOf(err))
		return nil
	}
	for i := range report.Results {
		j.result(o, &report.Results[i], file, digests)
	}
	if err == nil && j.private {
		if _, err := j.verify(e, about, true); fault.ReasonOf(err) == fault.RevocationUnknown {
			o.gap(GapRevocation, file, fault.RevocationUnknown, err.Error(), "add the authority's current CRL to the trust: stella trust publish add-root --crl")
		}
	}
	return nil
}

func (j *judge) verify(e *verify.Evidence, about []verify.Artifact, revocation bool) (*verify.Report, error) {
	p := *j.policy
	p.Subjects, p.DemandRevocation = about, revocation
	return verify.Verify(j.ctx, e, &p)
}

// result takes the verdict on one payload.
func (j *judge) result(o *opinion, r *verify.Result, file string, digests map[string]bool) {
	o.pieces += len(r.Evidence)
	place := file
	if len(r.Evidence) > 0 {
		s := r.Evidence[0]
		s.File = file
		place = s.Place()
	}
	if !r.Verified {
		told := map[fault.Reason]bool{}
		for _, c := range r.Checks {
			// A check that adds up what others found fails for their reason.
			if c.Status == verify.Failed && !told[c.Reason] {
				told[c.Reason] = true
				o.gap(GapEvidence, place, c.Reason, c.Message, advice(c.Reason, c.Hint))
			}
		}
		return
	}
	o.verifiable += len(r.Evidence)
	if name := absent(r.Claims, digests); name != "" {
		o.gap(GapSubject, place, "", "what it is about is not in the kit: "+name, "add it with --document or --image, or have it there in another way")
	}
}

// absent names the subjects of a statement if none of them is in the kit.
func absent(c *verify.Claims, digests map[string]bool) string {
	if c == nil || len(c.Subjects) == 0 {
		return ""
	}
	for _, s := range c.Subjects {
		if digests[s.Digest["sha256"]] {
			return ""
		}
	}
	first := c.Subjects[0]
	text := fmt.Sprintf("%q", first.Name)
	if sum := first.Digest["sha256"]; sum != "" {
		text += " (sha256:" + sum + ")"
	}
	if n := len(c.Subjects) - 1; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// advice is what to add so that evidence can be verified.
func advice(reason fault.Reason, hint string) string {
	switch reason {
	case fault.SignatureUntrusted, fault.SignatureMismatch:
		return "if it was not altered, add the signer's key to the trust: stella trust publish add-key"
	case fault.CertificateUntrusted, fault.IdentityMismatch:
		return "add the signer's authority to the trust: stella trust publish add-root"
	case fault.TimeUnproven, fault.TimestampInvalid, fault.TimestampMissing:
		return "add the time stamp authority to the trust: stella trust publish add-root; or have the evidence stamped: stella attest timestamp"
	case fault.LogInvalid, fault.LogMissing, fault.SCTInvalid, fault.SCTMissing:
		return "add the transparency logs to the trust: stella trust publish add-root"
	case fault.RevocationUnknown:
		return "add the authority's current CRL to the trust: stella trust publish add-root"
	case fault.PredicateType:
		return "allow the key this predicate type: stella trust publish add-key --type"
	}
	if hint != "" {
		return hint
	}
	return "see stella verify on the file for what is wrong with it"
}

// layout judges what is attached to images.
func (j *judge) layout(o *opinion, l *oci.Layout, digests map[string]bool) error {
	evidence := &verify.Evidence{}
	err := evidence.ReadLayout(l)
	switch {
	case fault.ReasonOf(err) == fault.SignatureMissing:
		return nil // images without evidence
	case err != nil:
		o.gap(GapEvidence, imagesDir, fault.ReasonOf(err), err.Error(), "have the layout copied anew, with all that is attached to its images")
		return nil
	}
	return j.evidence(o, evidence, nil, l.Name(), digests)
}
