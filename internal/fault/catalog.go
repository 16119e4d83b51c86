package fault

import "slices"

// Reason is a stable dotted word that names why something failed. Scripts may
// rely on it; the sentence beside it may change.
type Reason string

// The reasons, by subject. Each has its row in the catalog.
const (
	Internal    Reason = "internal"
	Interrupted Reason = "interrupted"
	Terminated  Reason = "terminated"

	UsageInvalid   Reason = "usage.invalid"
	ConfigInvalid  Reason = "config.invalid"
	OutputRequired Reason = "output.required"
	OutputExists   Reason = "output.exists"
	OutputFailed   Reason = "output.failed"

	InputNotFound     Reason = "input.not_found"
	InputUnreadable   Reason = "input.unreadable"
	InputNotRegular   Reason = "input.not_a_file"
	InputEmpty        Reason = "input.empty"
	InputEncoding     Reason = "input.encoding"
	InputTooLarge     Reason = "input.too_large"
	InputMalformed    Reason = "input.malformed"
	InputChanged      Reason = "input.changed"
	InputUnrecognized Reason = "input.unrecognized"
	NotEvidence       Reason = "input.not_evidence"
	ArchiveMalformed  Reason = "archive.malformed"

	NumberInexact Reason = "number.inexact"

	KeyMalformed     Reason = "key.malformed"
	KeyUnsupported   Reason = "key.unsupported"
	KeyPrivate       Reason = "key.private"
	KeyPublic        Reason = "key.public"
	KeyScheme        Reason = "key.unknown_scheme"
	KeySelfTest      Reason = "key.self_test"
	KeyNotYetValid   Reason = "key.not_yet_valid"
	KeyExpired       Reason = "key.expired"
	KeyRevoked       Reason = "key.revoked"
	KeyTypeForbidden Reason = "key.type_not_allowed"
	KeyNotAttested   Reason = "key.not_attested"

	KeyNotFound    Reason = "key.not_found"
	KeyAmbiguous   Reason = "key.ambiguous"
	KeySubstituted Reason = "key.substituted"
	KeyVerifyOnly  Reason = "key.verify_only"
	KeyForbidden   Reason = "key.forbidden_by_profile"

	ProfileForbidden Reason = "profile.forbidden"

	DeviceNotFound  Reason = "device.not_found"
	DeviceAmbiguous Reason = "device.ambiguous"
	DeviceFailed    Reason = "device.failed"
	DeviceBusy      Reason = "device.busy"
	DeviceUntouched Reason = "device.untouched"
	DevicePolicy    Reason = "device.policy"
	ModuleFailed    Reason = "module.failed"
	PluginFailed    Reason = "plugin.failed"
	PluginForbidden Reason = "plugin.forbidden"

	OfflineForbidden     Reason = "offline.forbidden"
	ServiceUnavailable   Reason = "service.unavailable"
	AttestationMalformed Reason = "attestation.malformed"
	AttestationRejected  Reason = "attestation.rejected"
	AttestationUntrusted Reason = "attestation.untrusted"

	PINRequired Reason = "pin.required"
	PINWrong    Reason = "pin.wrong"
	PINLocked   Reason = "pin.locked"
	PINReplug   Reason = "pin.replug"
	PINInvalid  Reason = "pin.invalid"
	PINNotSet   Reason = "pin.not_set"
	PINSet      Reason = "pin.already_set"

	StateUnusable    Reason = "state.unusable"
	KeyringMalformed Reason = "keyring.malformed"
	KeyringFailed    Reason = "keyring.failed"
	KeyringBusy      Reason = "keyring.busy"

	AuditUnwritable Reason = "audit.unwritable"
	AuditMalformed  Reason = "audit.malformed"
	AuditTampered   Reason = "audit.tampered"

	TimelineUnwritable Reason = "timeline.unwritable"
	TimelineMalformed  Reason = "timeline.malformed"
	TimelineTampered   Reason = "timeline.tampered"

	SnapshotMalformed Reason = "snapshot.malformed"
	SnapshotChecksum  Reason = "snapshot.checksum"
	SnapshotRoot      Reason = "snapshot.root"
	SnapshotMissing   Reason = "snapshot.missing"
	SnapshotUnlisted  Reason = "snapshot.unlisted"
	SnapshotOrder     Reason = "snapshot.order"
	SnapshotCase      Reason = "snapshot.case"
	SnapshotReference Reason = "snapshot.reference"
	SnapshotDiffers   Reason = "snapshot.differs"
	ProofInvalid      Reason = "proof.invalid"

	PassphraseRequired Reason = "passphrase.required"
	PassphraseWrong    Reason = "passphrase.wrong"
	PassphraseSource   Reason = "passphrase.source"

	SubjectInvalid  Reason = "subject.invalid"
	SubjectMismatch Reason = "subject.mismatch"
	SubjectRequired Reason = "subject.required"
	SubjectTooMany  Reason = "subject.too_many"

	PredicateType     Reason = "predicate.type"
	PredicateInvalid  Reason = "predicate.invalid"
	DecisionRequired  Reason = "decision.required"
	StatementInvalid  Reason = "statement.invalid"
	EnvelopeMalformed Reason = "envelope.malformed"
	BundleMalformed   Reason = "bundle.malformed"
	BundleVersion     Reason = "bundle.version"
	BundleSignatures  Reason = "bundle.signatures"
	BundleRequired    Reason = "bundle.required"
	LayoutMalformed   Reason = "layout.malformed"
	LayoutDigest      Reason = "layout.digest"
	LayoutUnread      Reason = "layout.unread"

	SignatureMismatch  Reason = "signature.mismatch"
	SignatureMalformed Reason = "signature.malformed"
	SignatureScheme    Reason = "signature.scheme"
	SignatureUntrusted Reason = "signature.untrusted"
	SignatureMissing   Reason = "signature.missing"
	SignatureThreshold Reason = "signature.threshold"
	SignatureHybrid    Reason = "signature.hybrid_incomplete"
	SignatureFlags     Reason = "signature.flags"

	CertificateUntrusted Reason = "certificate.untrusted"
	CertificateInvalid   Reason = "certificate.invalid"
	IdentityMismatch     Reason = "identity.mismatch"
	RevocationUnknown    Reason = "revocation.unknown"

	LogMissing         Reason = "log.missing"
	LogInvalid         Reason = "log.invalid"
	TimestampMissing   Reason = "timestamp.missing"
	TimestampInvalid   Reason = "timestamp.invalid"
	TimestampMalformed Reason = "timestamp.malformed"
	TimestampRefused   Reason = "timestamp.refused"
	SCTMissing         Reason = "sct.missing"
	SCTInvalid         Reason = "sct.invalid"
	WitnessMissing     Reason = "witness.missing"
	TimeUnproven       Reason = "time.unproven"

	PolicyMalformed     Reason = "policy.malformed"
	PolicyUnsatisfiable Reason = "policy.unsatisfiable"
	PolicyNoRule        Reason = "policy.no_rule"
	PolicySigners       Reason = "policy.signers"
	PolicyCondition     Reason = "policy.condition"
	PolicyRequired      Reason = "policy.required"
	EvidenceStale       Reason = "evidence.stale"
	EvidenceCount       Reason = "evidence.count"

	PromotionDigest     Reason = "promotion.digest_required"
	PromotionImage      Reason = "promotion.image_mismatch"
	PromotionMaterial   Reason = "promotion.material_mismatch"
	PromotionEvidence   Reason = "promotion.evidence_missing"
	PromotionUnverified Reason = "promotion.evidence_unverified"
	PromotionStep       Reason = "promotion.step_mismatch"
	PromotionActor      Reason = "promotion.actor_unbound"
	PromotionDuties     Reason = "promotion.duties_shared"
	PromotionMissing    Reason = "promotion.chain_missing"
	PromotionBroken     Reason = "promotion.chain_broken"
	PromotionForked     Reason = "promotion.chain_forked"
	PromotionUnjudged   Reason = "promotion.not_judged"

	ExportMismatch Reason = "export.mismatch"
	ExportMissing  Reason = "export.missing"

	TrustRequired  Reason = "trust.required"
	TrustMalformed Reason = "trust.malformed"

	TrustNotFound   Reason = "trust.not_found"
	TrustExists     Reason = "trust.exists"
	TrustAmbiguous  Reason = "trust.ambiguous"
	TrustPin        Reason = "trust.root_mismatch"
	TrustSignature  Reason = "trust.signature"
	TrustRollback   Reason = "trust.rollback"
	TrustMismatch   Reason = "trust.mismatch"
	TrustExpired    Reason = "trust.expired"
	TrustIncomplete Reason = "trust.incomplete"
	TrustSuperseded Reason = "trust.superseded"
	TrustUnsigned   Reason = "trust.unsigned"
	TrustFailed     Reason = "trust.failed"
	TrustBusy       Reason = "trust.busy"
	ClockBehind     Reason = "clock.behind"

	KitNotOne     Reason = "kit.not_a_kit"
	KitMalformed  Reason = "kit.malformed"
	KitFormat     Reason = "kit.format"
	KitMismatch   Reason = "kit.mismatch"
	KitUnlisted   Reason = "kit.unlisted"
	KitIncomplete Reason = "kit.incomplete"
	KitUnsigned   Reason = "kit.unsigned"
	KitStatement  Reason = "kit.statement"
	KitInput      Reason = "kit.input"
	KitGap        Reason = "kit.gap"
	KitChannel    Reason = "kit.channel"
	KitVersion    Reason = "kit.version_not_monotonic"
	KitReused     Reason = "kit.version_reused"
	KitNotFound   Reason = "kit.not_found"
	KitAmbiguous  Reason = "kit.ambiguous"
	KitStale      Reason = "kit.stale"
	KitSpace      Reason = "kit.no_space"
	KitFailed     Reason = "kit.failed"
	KitBusy       Reason = "kit.busy"
)

// Entry is one row of the catalog.
type Entry struct {
	Reason  Reason
	Exit    int
	Meaning string
}

// entries is the whole table. The order is the order of the manual.
func entries() []Entry {
	return []Entry{
		{Internal, ExitFailed, "an unexpected failure, or one without a reason of its own"},
		{Interrupted, ExitInterrupt, "the user interrupted the command"},
		{Terminated, ExitTerminate, "the command was told to terminate"},

		{UsageInvalid, ExitUsage, "wrong command, flag or argument"},
		{ConfigInvalid, ExitUsage, "configuration file or environment has an unknown or invalid setting"},
		{OutputRequired, ExitUsage, "a signing verb on a terminal needs -o"},
		{OutputExists, ExitUsage, "the output file exists and --force was not given"},
		{OutputFailed, ExitFailed, "the output could not be written (no space, no permission, closed pipe)"},

		{InputNotFound, ExitMissing, "a named input does not exist"},
		{InputUnreadable, ExitFailed, "an input exists and cannot be read"},
		{InputNotRegular, ExitUsage, "a directory or device stands where a file is wanted"},
		{InputEmpty, ExitUsage, "the input has no content"},
		{InputEncoding, ExitUsage, "the input is compressed, UTF-16, starts with a byte order mark, or is otherwise not UTF-8 text"},
		{InputTooLarge, ExitUsage, "the input is over a named limit"},
		{InputMalformed, ExitUsage, "the input is not well-formed"},
		{InputChanged, ExitFailed, "the input changed while it was being read"},
		{InputUnrecognized, ExitUsage, "the document is not of the kind that the command signs"},
		{NotEvidence, ExitUsage, "the file is not an envelope, bundle or other signed evidence"},
		{ArchiveMalformed, ExitUsage, "the archive is not well-formed, or made so that programs find different things in it"},

		{NumberInexact, ExitUsage, "a number has no exact canonical form, so signing it would alter it"},

		{KeyMalformed, ExitUsage, "the key file is not well-formed"},
		{KeyUnsupported, ExitUsage, "the key's algorithm or format is not supported"},
		{KeyPrivate, ExitUsage, "a private key stands where a public key is wanted"},
		{KeyPublic, ExitUsage, "a public key stands where a private key is wanted"},
		{KeyScheme, ExitUsage, "the key reference has a scheme that this build does not have"},
		{KeySelfTest, ExitFailed, "the loaded key's private and public halves do not belong together"},
		{KeyNotYetValid, ExitRejected, "the key was not valid yet at the time that counts"},
		{KeyExpired, ExitRejected, "the key was no longer valid at the time that counts"},
		{KeyRevoked, ExitRejected, "the key is revoked"},
		{KeyTypeForbidden, ExitRejected, "the key may not sign this predicate type"},
		{KeyNotAttested, ExitRejected, "the policy wants keys in hardware, and the trust does not say that this one is"},

		{KeyNotFound, ExitMissing, "there is no such key in the token, service or keyring"},
		{KeyAmbiguous, ExitUsage, "the key reference fits several keys"},
		{KeySubstituted, ExitRejected, "the reference opens another key than the one that the keyring knows"},
		{KeyVerifyOnly, ExitRejected, "the keyring keeps the key for verification only"},
		{KeyForbidden, ExitRejected, "the evidence is by a key whose algorithm the crypto profile does not verify with"},

		{ProfileForbidden, ExitUsage, "the crypto profile does not sign with this algorithm or make keys of it"},

		{DeviceNotFound, ExitMissing, "the token or device is not there"},
		{DeviceAmbiguous, ExitUsage, "the key reference fits several tokens or devices"},
		{DeviceFailed, ExitFailed, "the token or device failed, or was taken away"},
		{DeviceBusy, ExitTemporary, "the token or device is in use by another program"},
		{DeviceUntouched, ExitTemporary, "the token was not touched in time, or the touch was refused"},
		{DevicePolicy, ExitFailed, "the device is not in the state that the key is bound to"},
		{ModuleFailed, ExitFailed, "a PKCS #11 module cannot be loaded or started"},
		{PluginFailed, ExitFailed, "a plugin failed or answered nonsense"},
		{PluginForbidden, ExitUsage, "the configuration does not allow the plugin"},

		{OfflineForbidden, ExitOffline, "the work or a key needs the network, which was not allowed or is forbidden"},
		{ServiceUnavailable, ExitTemporary, "a network service did not answer, or asked to be called later"},
		{AttestationMalformed, ExitUsage, "a device's statement about a key is not well-formed"},
		{AttestationRejected, ExitRejected, "a device's statement does not prove what is said of the key"},
		{AttestationUntrusted, ExitRejected, "a device's statement is signed by nobody who is trusted"},

		{PINRequired, ExitUsage, "the token needs a PIN and none could be asked for"},
		{PINWrong, ExitFailed, "the token did not take the PIN"},
		{PINLocked, ExitFailed, "the PIN is locked after too many wrong tries"},
		{PINReplug, ExitTemporary, "the token takes no PIN, after three wrong ones, until it was unplugged"},
		{PINInvalid, ExitUsage, "the token refuses the new PIN, or wants its PIN changed first"},
		{PINNotSet, ExitUsage, "the token has no PIN set, and one is needed"},
		{PINSet, ExitUsage, "the token has a PIN, which is changed and not set"},

		{StateUnusable, ExitFailed, "the state directory is not there, is no directory, cannot be used, or can be written by every user"},
		{KeyringMalformed, ExitUsage, "the keyring is not well-formed"},
		{KeyringFailed, ExitFailed, "the keyring cannot be read, locked or written"},
		{KeyringBusy, ExitTemporary, "another process is changing the keyring"},

		{AuditUnwritable, ExitFailed, "the audit log cannot be written, so nothing was signed"},
		{AuditMalformed, ExitUsage, "the audit log is not well-formed"},
		{AuditTampered, ExitRejected, "records of the audit log were edited, removed or reordered"},

		{TimelineUnwritable, ExitFailed, "the timeline cannot be written"},
		{TimelineMalformed, ExitUsage, "the timeline, or an event for it, is not well-formed"},
		{TimelineTampered, ExitRejected, "events of a timeline were edited, removed, reordered, forked or dated back"},

		{SnapshotMalformed, ExitUsage, "the evidence snapshot is not well-formed"},
		{SnapshotChecksum, ExitRejected, "an entry of the snapshot is not what the manifest or the checksums say"},
		{SnapshotRoot, ExitRejected, "the Merkle root of the snapshot is not that of its checksums"},
		{SnapshotMissing, ExitRejected, "an entry that the manifest lists is not in the snapshot"},
		{SnapshotUnlisted, ExitRejected, "something is in the snapshot that the manifest does not list"},
		{SnapshotOrder, ExitRejected, "something in the snapshot is listed twice or stands out of order"},
		{SnapshotCase, ExitRejected, "the snapshot is of another case than it is signed for, or than was demanded"},
		{SnapshotReference, ExitRejected, "evidence in the snapshot names other evidence that is absent from it or differs"},
		{SnapshotDiffers, ExitRejected, "two snapshots that were compared are not equal"},
		{ProofInvalid, ExitRejected, "a proof of inclusion does not lead to the root that is signed"},

		{PassphraseRequired, ExitUsage, "the key is encrypted and no passphrase could be asked for"},
		{PassphraseWrong, ExitFailed, "the passphrase does not open the key"},
		{PassphraseSource, ExitUsage, "the place that should give the passphrase cannot be read, or several were given; a file that is not there is input.not_found"},

		{SubjectInvalid, ExitUsage, "a subject is not FILE or NAME@sha256:<hex>"},
		{SubjectMismatch, ExitRejected, "no subject of the statement has the demanded digest"},
		{SubjectRequired, ExitMissing, "this evidence can be verified only against a subject"},
		{SubjectTooMany, ExitUsage, "more subjects than a bundle may hold"},

		{PredicateType, ExitRejected, "the predicate type is not the demanded one"},
		{PredicateInvalid, ExitUsage, "the predicate does not follow its schema"},
		{DecisionRequired, ExitUsage, "the report states no decision and --decision was not given"},
		{StatementInvalid, ExitUsage, "the payload is not an in-toto statement that stella knows"},
		{EnvelopeMalformed, ExitUsage, "the envelope is not well-formed DSSE"},
		{BundleMalformed, ExitUsage, "the bundle is not a well-formed Sigstore bundle"},
		{BundleVersion, ExitUsage, "the bundle's version is not known, or not the one of what it carries"},
		{BundleSignatures, ExitUsage, "a bundle holds exactly one signature"},
		{BundleRequired, ExitUsage, "only a Sigstore bundle has a place for this"},
		{LayoutMalformed, ExitUsage, "the OCI image layout is not well-formed"},
		{LayoutDigest, ExitRejected, "a blob of the OCI image layout is not what its digest says"},
		{LayoutUnread, ExitUsage, "an OCI image layout lies where it cannot be read: in a compressed archive or a stream, or deeper in an archive"},

		{SignatureMismatch, ExitRejected, "the signature does not fit key and content"},
		{SignatureMalformed, ExitRejected, "the signature's encoding is not the one its key demands"},
		{SignatureScheme, ExitRejected, "the signature is of a scheme that this key does not verify"},
		{SignatureUntrusted, ExitRejected, "signatures are there and none is by a trusted key"},
		{SignatureMissing, ExitMissing, "there is no signature at all"},
		{SignatureThreshold, ExitRejected, "fewer distinct holders signed than demanded"},
		{SignatureHybrid, ExitRejected, "a holder whose keys count only together signed with some of them"},
		{SignatureFlags, ExitRejected, "a token signed without the touch or PIN that trust demands"},

		{CertificateUntrusted, ExitRejected, "the signer's certificate leads to no trusted authority"},
		{CertificateInvalid, ExitRejected, "the signer's certificate is not one that may sign evidence"},
		{IdentityMismatch, ExitRejected, "the certificate is in nobody's name who is trusted"},
		{RevocationUnknown, ExitMissing, "whether the certificate is revoked is not known, and the policy wants it known"},

		{LogMissing, ExitRejected, "fewer transparency logs than demanded hold the signature"},
		{LogInvalid, ExitRejected, "a log entry is not what a trusted log wrote, or is about another signature"},
		{TimestampMissing, ExitRejected, "fewer time stamps than demanded cover the signature"},
		{TimestampInvalid, ExitRejected, "a time stamp is not what a trusted authority wrote, or is about another signature"},
		{TimestampMalformed, ExitUsage, "a time stamp request or response is not well-formed"},
		{TimestampRefused, ExitFailed, "a time stamp authority did not grant what was asked for"},
		{SCTMissing, ExitRejected, "fewer certificate transparency logs than demanded hold the certificate"},
		{SCTInvalid, ExitRejected, "a signed certificate timestamp does not fit the certificate"},
		{WitnessMissing, ExitRejected, "fewer witnesses than demanded cosigned the log"},
		{TimeUnproven, ExitRejected, "the signing time has no proof, and this certificate or policy needs one"},

		{PolicyMalformed, ExitUsage, "a policy file is not well-formed"},
		{PolicyUnsatisfiable, ExitUsage, "a policy demands what nothing can meet"},
		{PolicyNoRule, ExitRejected, "no rule of the policy is about the statement"},
		{PolicySigners, ExitRejected, "those whom the policy demands have not all signed"},
		{PolicyCondition, ExitRejected, "what the statement says does not meet a condition of the policy"},
		{PolicyRequired, ExitRejected, "no evidence meets a rule that the policy requires"},
		{EvidenceStale, ExitRejected, "the evidence is older than the policy allows"},
		{EvidenceCount, ExitMissing, "there is not as much evidence as --expect says"},

		{PromotionDigest, ExitUsage, "an image to promote is named without its digest"},
		{PromotionImage, ExitRejected, "evidence or a promotion is about another image"},
		{PromotionMaterial, ExitRejected, "a document is not the one that was promoted, or the promotion contradicts itself or its evidence"},
		{PromotionEvidence, ExitMissing, "an attestation that the promotion rests on was not given, or there is none"},
		{PromotionUnverified, ExitRejected, "the promotion rests on evidence that is not verified"},
		{PromotionStep, ExitRejected, "the promotion is from or to another environment than demanded"},
		{PromotionActor, ExitRejected, "the one who is named as promoter is not the one who signed"},
		{PromotionDuties, ExitRejected, "who promoted also signed what the promotion rests on"},
		{PromotionMissing, ExitMissing, "a step of the chain of promotions was not given"},
		{PromotionBroken, ExitRejected, "a promotion does not continue the one that it names"},
		{PromotionForked, ExitRejected, "two promotions continue the same one"},
		{ExportMismatch, ExitRejected, "a file of an export is not what its manifest says, or is not in it"},
		{ExportMissing, ExitMissing, "a file of an export is not there"},
		{PromotionUnjudged, ExitRejected, "a rule demands of promotions what only promotion verify judges"},

		{TrustRequired, ExitMissing, "no key, certificate or trust was given to verify with"},
		{TrustMalformed, ExitUsage, "a trust file is not well-formed"},

		{TrustNotFound, ExitMissing, "there is no trust bundle of this name, or none on the medium"},
		{TrustExists, ExitUsage, "there is a trust bundle of this name already, with another first root"},
		{TrustAmbiguous, ExitUsage, "there are several trust bundles, and none was chosen"},
		{TrustPin, ExitRejected, "the root is not the one that the digest names"},
		{TrustSignature, ExitRejected, "trust metadata has too few signatures by the keys of its role"},
		{TrustRollback, ExitRejected, "trust metadata is older than what was imported already"},
		{TrustMismatch, ExitRejected, "files of a trust bundle do not belong together, or one was changed"},
		{TrustExpired, ExitMissing, "the trust has expired"},
		{TrustIncomplete, ExitMissing, "a file of the trust bundle is missing, or none was imported yet"},
		{TrustSuperseded, ExitMissing, "the newest root no longer vouches for the trust that was imported"},
		{TrustUnsigned, ExitMissing, "what is to be published lacks signatures"},
		{TrustFailed, ExitFailed, "the trust on disk cannot be read, locked or written, or is damaged"},
		{TrustBusy, ExitTemporary, "another process is changing the trust bundle"},
		{ClockBehind, ExitMissing, "the clock is behind a time that trust was signed at, or that the last event of a timeline has"},

		{KitNotOne, ExitUsage, "what is named is no offline kit"},
		{KitMalformed, ExitUsage, "an offline kit or its manifest is not well-formed"},
		{KitFormat, ExitUsage, "the offline kit has a format of a newer stella"},
		{KitMismatch, ExitRejected, "a file of an offline kit is not what its manifest says"},
		{KitUnlisted, ExitRejected, "an offline kit holds a file that its manifest does not list"},
		{KitIncomplete, ExitMissing, "an offline kit lacks a file that its manifest lists, or ends early"},
		{KitUnsigned, ExitMissing, "the offline kit has no statement, so nobody has signed it"},
		{KitStatement, ExitRejected, "the statement of an offline kit is about another manifest"},
		{KitInput, ExitUsage, "an input cannot be put into an offline kit, or is not of the kind that it was given as"},
		{KitGap, ExitMissing, "evidence in an offline kit cannot be verified with what is in it"},
		{KitChannel, ExitRejected, "the offline kit is for another channel than the demanded one"},
		{KitVersion, ExitRejected, "the offline kit is not newer than one that was active already"},
		{KitReused, ExitRejected, "another offline kit of this version was active already"},
		{KitNotFound, ExitMissing, "there is no offline kit of this channel, or none to go back to"},
		{KitAmbiguous, ExitUsage, "there are offline kits of several channels, and none was chosen"},
		{KitStale, ExitMissing, "the active offline kit is older than was demanded"},
		{KitSpace, ExitFailed, "the disk has no room for the offline kit"},
		{KitFailed, ExitFailed, "the offline kits on disk cannot be read, locked or written, or are damaged"},
		{KitBusy, ExitTemporary, "another process is changing the offline kits of this channel"},
	}
}

// Catalog returns every reason with its exit status and meaning, in the order
// of the manual.
func Catalog() []Entry { return slices.Clone(entries()) }

// Exit returns the exit status of r, and ExitFailed for a reason that is not
// in the catalog.
func (r Reason) Exit() int {
	for _, e := range entries() {
		if e.Reason == r {
			return e.Exit
		}
	}
	return ExitFailed
}

// Meaning returns what the catalog says of r, and "" for a reason that is not in
// it.
func (r Reason) Meaning() string {
	for _, e := range entries() {
		if e.Reason == r {
			return e.Meaning
		}
	}
	return ""
}
