package predicate

// rows has what is shown of each type. What a type calls by another name in other
// versions stands side by side.
func rows() map[string][]row {
	one := func(label string, paths ...string) row { return row{label, paths} }
	return map[string][]row{
		TypeCycloneDX: {
			one("version", "/specVersion"), one("serial", "/serialNumber"), one("made", "/metadata/timestamp"),
			one("describes", "/metadata/component/name", "/metadata/component/version"),
			one("components", "/components"), one("vulnerabilities", "/vulnerabilities"),
		},
		TypeSPDX: {
			one("version", "/spdxVersion"), one("name", "/name"), one("made", "/creationInfo/created"),
			one("packages", "/packages"), one("elements", "/@graph"),
		},
		TypeSyft: {
			one("made by", "/descriptor/name", "/descriptor/version"), one("source", "/source/type", "/source/name"), one("packages", "/artifacts"),
		},
		TypeSBOM:   documentRows(""),
		TypeVEX:    documentRows(""),
		TypeReport: append([]row{one("decision", "/decision"), one("policy", "/policy/digest"), one("views", "/policy/views/*"), one("scanner", "/scanner/name", "/scanner/version")}, documentRows("/report")...),
		TypeOpenVEX: {
			one("document", "/@id"), one("author", "/author"), one("made", "/timestamp"),
			one("statement", "/statements/*/vulnerability/name", "/statements/*/status", "/statements/*/justification"),
		},
		TypeVulns: {
			one("scanner", "/scanner/uri", "/scanner/version"), one("database", "/scanner/db/uri", "/scanner/db/version"),
			one("finished", "/metadata/scanFinishedOn"), one("finding", "/scanner/result/*/id"),
		},
		TypeVuln: {
			one("scanner", "/scanner/uri", "/scanner/version"), one("database", "/scanner/db/uri", "/scanner/db/version"),
			one("run", "/invocation/uri"), one("finished", "/metadata/scanFinishedOn"),
		},
		TypeKeyRotation: {
			one("holder", "/holder"), one("reason", "/reason"), one("old key", "/old/keyid"), one("new key", "/new/keyid", "/new/notBefore"), one("both until", "/overlapUntil"),
		},
		TypeKeyRevocation: {one("key", "/keyid"), one("revoked", "/revokedAt"), one("reason", "/reason")},
		TypePromotion: {
			one("from", "/promotion/from"), one("to", "/promotion/to"), one("actor", "/promotion/actor"), one("at", "/promotion/timestamp"),
			one("ticket", "/promotion/ticket"), one("pipeline", "/promotion/pipeline"), one("notes", "/promotion/notes"),
			one("material", "/materials/*/role", "/materials/*/format", "/materials/*/digest", "/materials/*/unverified"),
			one("attestation", "/materials/*/attestation/payload_sha256"), one("log entry", "/materials/*/rekor/logIndex"),
			one("previous", "/previous/payload_sha256"),
		},
		TypeVEXDecision: {
			one("vulnerability", "/vulnerability/id"), one("product", "/product/id"), one("status", "/status", "/justification"), one("impact", "/impactStatement"),
			one("action", "/actionStatement"), one("reachability", "/reachability/state", "/reachability/confidence"), one("policy", "/policyDigest"),
			one("evidence", "/evidence/*/name", "/evidence/*/digest"), one("decided", "/decidedAt"), one("expires", "/expiresAt"), one("supersedes", "/supersedes"),
		},
		TypeGraph: {
			one("format", "/format"), one("digest", "/digest/sha256"), one("nodes", "/nodes"), one("edges", "/edges"), one("entry points", "/entrypoints"),
			one("analyzer", "/analyzer/name", "/analyzer/version"), one("input", "/inputs/*/name", "/inputs/*/digest"), one("where", "/uri"), one("made", "/createdAt"),
		},
		TypePolicy: {
			one("policy", "/policy/name", "/policy/version", "/policy/digest"), one("decision", "/decision"),
			one("rule", "/rules/*/name", "/rules/*/outcome", "/rules/*/message"), one("input", "/inputs/*/name", "/inputs/*/digest"),
			one("evaluated", "/evaluatedAt"), one("expires", "/expiresAt"),
		},
		TypeEvidence: {
			one("bundle", "/bundleId"), one("case", "/case"), one("entries", "/entries"), one("root", "/merkle/root", "/merkle/recipe"),
			one("producer", "/producer", "/producedAt"), one("replay", "/replayManifest"), one("log", "/transparency/uuid", "/transparency/reason"),
		},
		TypeReplay: {
			one("scan", "/scan/id", "/scan/time"), one("scanner", "/scan/scanner/name", "/scan/scanner/version"), one("subject", "/subject/digest"),
			one("feed", "/inputs/feeds/*/name", "/inputs/feeds/*/digest"), one("policy", "/policy/digest"), one("output", "/outputs/*/name", "/outputs/*/digest"),
		},
		TypeVerdict: {
			one("finding", "/findingKey/vulnerabilityId", "/findingKey/sbomEntryId"), one("decision", "/decision/status", "/decision/reason"),
			one("rule", "/rule/id", "/rule/version"), one("policy", "/inputs/policyDigest"), one("made", "/createdAt"),
		},
		TypePolicyDecision: {
			one("finding", "/finding_id"), one("decision", "/decision"), one("score", "/reasoning/final_score"),
			one("rule", "/reasoning/rules_matched/*"), one("policy", "/policy_version"), one("made", "/evaluated_at"), one("expires", "/expires_at"),
		},
		TypeOfflineKit: {
			one("kit", "/name"), one("channel", "/channel"), one("version", "/version", "/label"), one("made", "/createdAt"),
			one("files", "/counts/files"), one("bytes", "/counts/bytes"),
		},
		TypeSLSA1: {
			one("build type", "/buildDefinition/buildType"), one("builder", "/runDetails/builder/id"), one("invocation", "/runDetails/metadata/invocationId"),
			one("started", "/runDetails/metadata/startedOn"), one("finished", "/runDetails/metadata/finishedOn"),
			one("made from", "/buildDefinition/resolvedDependencies/*/name", "/buildDefinition/resolvedDependencies/*/uri"),
		},
		TypeSLSA02: {
			one("build type", "/buildType"), one("builder", "/builder/id"), one("invocation", "/metadata/buildInvocationId"),
			one("finished", "/metadata/buildFinishedOn"), one("made from", "/materials/*/uri"),
		},
	}
}

// documentRows shows what stands for a document.
func documentRows(at string) []row {
	return []row{
		{"format", []string{at + "/format", at + "/version"}}, {"digest", []string{at + "/digest/sha256"}}, {"size", []string{at + "/size"}},
		{"components", []string{at + "/componentCount"}}, {"where", []string{at + "/uri"}},
	}
}
