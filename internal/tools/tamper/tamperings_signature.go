package main

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
)

// promotionType is what the key of who promotes may sign.
const promotionType = "stella.ops/promotion@v1"

// ofSignature is done to the snapshot's signature, often by somebody with another key.
func ofSignature() []tampering {
	return []tampering{
		{
			"signature-bit", "a bit of the signature is flipped", fault.ExitRejected,
			[]finding{at(fault.SignatureMismatch, signatureFile)},
			func(w *work) { w.edit(signatureFile, signature()) },
		},
		{
			"signature-payload", "a bit of what is signed is flipped", fault.ExitRejected,
			[]finding{at(fault.SignatureMismatch, signatureFile)},
			func(w *work) { w.edit(signatureFile, payload(digit(`"root":"`))) },
		},
		{
			"signature-type", "the statement is said to be of another type", fault.ExitRejected,
			[]finding{at(fault.SignatureMismatch, signatureFile)},
			func(w *work) { w.edit(signatureFile, payload(swap(forensic.PredicateType, promotionType))) },
		},
		{
			"signature-subject", "the manifest is changed, and so is its digest in the statement", fault.ExitRejected,
			[]finding{at(fault.SignatureMismatch, signatureFile)},
			func(w *work) {
				old := sum(w.content(manifestFile))
				w.edit(manifestFile, swap("as found", "as moved"))
				w.edit(signatureFile, payload(swap(old, sum(w.content(manifestFile)))))
			},
		},
		{
			"signature-gone", "the signature is gone", fault.ExitMissing,
			[]finding{at(fault.SignatureMissing, signatureFile)},
			func(w *work) { w.remove(signatureFile) },
		},
		{
			"signature-empty", "the envelope has no signature", fault.ExitMissing,
			[]finding{at(fault.SignatureMissing, signatureFile)},
			func(w *work) { w.edit(signatureFile, withoutSignatures) },
		},
		{
			"signature-at-end", "the signature stands behind the entries", fault.ExitRejected,
			[]finding{at(fault.SignatureMissing, signatureFile), at(fault.SnapshotUnlisted, signatureFile)},
			func(w *work) {
				x := member{name: signatureFile, content: w.content(signatureFile)}
				w.remove(signatureFile)
				w.last(x)
			},
		},
		{
			"signature-of-other-case", "the signature is that of another case", fault.ExitRejected,
			[]finding{at(fault.SubjectMismatch, signatureFile), at(fault.SnapshotCase, signatureFile), at(fault.SnapshotChecksum, signatureFile)},
			func(w *work) { w.takeOver(signatureFile) },
		},
		{
			"signature-of-evidence", "an envelope over an SBOM stands for the signature", fault.ExitRejected,
			[]finding{at(fault.SubjectMismatch, signatureFile), at(fault.PredicateType, signatureFile)},
			func(w *work) { w.edit(signatureFile, func(string) string { return w.content(bareEnvelope) }) },
		},
		{
			"signed-by-nobody", "a file is changed, and all is signed anew with a key that nobody trusts", fault.ExitRejected,
			[]finding{at(fault.SignatureUntrusted, signatureFile)},
			func(w *work) { w.edit(notes, flip); w.reseal(ownKey) },
		},
		{
			"signed-in-a-name", "likewise, and the signature claims the key id of the laboratory", fault.ExitRejected,
			[]finding{at(fault.SignatureMismatch, signatureFile)},
			func(w *work) {
				id := keyID(w.content(signatureFile))
				w.edit(notes, flip)
				w.reseal(ownKey)
				w.edit(signatureFile, withKeyID(id))
			},
		},
		{
			"signed-by-promoter", "likewise, by somebody who is trusted to promote, and not with snapshots", fault.ExitRejected,
			[]finding{at(fault.KeyTypeForbidden, signatureFile)},
			func(w *work) { w.edit(notes, flip); w.reseal(release) },
		},
		{
			"signed-as-promotion", "likewise, and he calls it a promotion, which he may sign", fault.ExitRejected,
			[]finding{at(fault.PredicateType, signatureFile)},
			func(w *work) { w.edit(notes, flip); w.settle(); w.sign(release, promotionType) },
		},
		{
			"signed-by-revoked", "likewise, with a key of the laboratory that is revoked", fault.ExitRejected,
			[]finding{at(fault.KeyRevoked, signatureFile)},
			func(w *work) { w.edit(notes, flip); w.reseal(oldLab) },
		},
	}
}
