package main

import (
	"regexp"

	"github.com/stellaops/stella/internal/fault"
)

// ofEvidence is done to what is signed for itself.
func ofEvidence() []tampering {
	return []tampering{
		{
			"attestation-bit", "a bit of what an attestation says is flipped", fault.ExitRejected,
			[]finding{at(fault.SignatureUntrusted, image), at(fault.SnapshotChecksum, image)},
			func(w *work) { w.edit(image, payload(digit(`"sha256":"`))) },
		},
		{
			"attestation-untrusted", "an attestation is signed anew with a key that nobody trusts", fault.ExitRejected,
			[]finding{at(fault.SignatureUntrusted, image), at(fault.SnapshotChecksum, image)},
			func(w *work) { w.edit(image, w.signedAnew(ownKey)) },
		},
		{
			"attestation-by-promoter", "an SBOM is signed anew by somebody who is trusted to promote", fault.ExitRejected,
			[]finding{at(fault.KeyTypeForbidden, image), at(fault.SnapshotChecksum, image)},
			func(w *work) { w.edit(image, w.signedAnew(release)) },
		},
		{
			"attestation-unstamped", "the time stamp is taken away that proves an attestation older than a revocation, in the bundle and beside it", fault.ExitRejected,
			[]finding{at(fault.KeyRevoked, before), at(fault.SnapshotChecksum, before), at(fault.SnapshotMissing, stamp)},
			func(w *work) {
				w.remove(stamp)
				w.edit(before, func(s string) string {
					return regexp.MustCompile(`,"timestampVerificationData":\{.*?\]\}`).ReplaceAllString(s, "")
				})
			},
		},
		{
			"attestations-exchanged", "two attestations have each other's names", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, image), at(fault.SnapshotChecksum, scan)},
			func(w *work) { w.exchange(image, scan) },
		},
		{
			"promotion-gone", "a step on the way to prod is gone", fault.ExitRejected,
			[]finding{at(fault.SnapshotMissing, staging), at(fault.SnapshotReference, timelineFile)},
			func(w *work) { w.remove(staging) },
		},
		{
			"promotion-gone-throughout", "likewise, and it is listed nowhere any more", fault.ExitRejected,
			[]finding{at(fault.SubjectMismatch, signatureFile), at(fault.SnapshotChecksum, signatureFile), at(fault.SnapshotReference, timelineFile)},
			func(w *work) { w.remove(staging); w.settle() },
		},
		{
			"promotion-added", "a promotion is added that somebody signed who may", fault.ExitRejected,
			[]finding{at(fault.SnapshotUnlisted, "attestations/case/direct.sigstore.json")},
			func(w *work) {
				w.before(image, member{name: "attestations/case/direct.sigstore.json", content: w.signedAnew(release)(w.content(staging))})
			},
		},
		{
			"promotion-rewritten", "a step says another environment, signed by somebody who may", fault.ExitRejected,
			[]finding{at(fault.SnapshotChecksum, staging), at(fault.SnapshotReference, timelineFile)},
			func(w *work) {
				w.edit(staging, payload(swap(`"to":"staging"`, `"to":"prod"`)))
				w.edit(staging, w.signedAnew(release))
			},
		},
	}
}
