package fault

import "slices"

// Exit statuses, one table for all verbs.
const (
	ExitOK        = 0  // done; for verify: every demanded check passed and at least one was made
	ExitFailed    = 1  // could not do it (unreadable, device, bug)
	ExitUsage     = 2  // wrong usage or malformed input
	ExitRejected  = 3  // evidence was checked and rejected
	ExitMissing   = 4  // something demanded is missing
	ExitOffline   = 5  // the work needs the network and it was not allowed
	ExitRefused   = 6  // refused by the remote signer
	ExitTemporary = 10 // try again
	ExitInterrupt = 130
	ExitTerminate = 143
)

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

		{PassphraseRequired, ExitUsage, "the key is encrypted and no passphrase could be asked for"},
		{PassphraseWrong, ExitFailed, "the passphrase does not open the key"},
		{PassphraseSource, ExitUsage, "the place that should give the passphrase cannot be read, or several were given"},

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
		{ClockBehind, ExitMissing, "the clock is behind a time that trust was signed at"},
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

// severity is the order in which one exit status is chosen among several
// outcomes of one run: the first of these that occurred.
func severity() []int {
	return []int{ExitRejected, ExitUsage, ExitMissing, ExitOffline, ExitRefused, ExitTemporary, ExitFailed}
}

// Worst returns the exit status that stands for several outcomes.
func Worst(statuses ...int) int {
	for _, s := range severity() {
		if slices.Contains(statuses, s) {
			return s
		}
	}
	if len(statuses) == 0 {
		return ExitOK
	}
	return slices.Max(statuses)
}

// Status is one row of the table of exit statuses.
type Status struct {
	Exit    int
	Short   string // a word or two, for a line of help
	Meaning string
}

// Statuses returns every exit status, in ascending order.
func Statuses() []Status {
	return []Status{
		{ExitOK, "done", "done; for verify: every demanded check passed, and at least one was made"},
		{ExitFailed, "failed", "could not do it (unreadable, device, bug)"},
		{ExitUsage, "wrong usage or input", "wrong usage or malformed input"},
		{ExitRejected, "rejected", "evidence was checked and rejected, or no trusted key signed it"},
		{ExitMissing, "something missing", "something demanded is missing: an input, a signature, trust"},
		{ExitOffline, "network not allowed", "the work needs the network and it was not allowed"},
		{ExitRefused, "refused", "refused by the remote signer (token, entitlement, release, quota)"},
		{ExitTemporary, "try again", "temporary: try again (network, service unavailable, device busy)"},
		{ExitInterrupt, "interrupted", "interrupted"},
		{ExitTerminate, "terminated", "terminated"},
	}
}
