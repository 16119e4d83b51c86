package predicate

import "github.com/stellaops/stella/pkg/dsse/canonical"

// evidenceBundle is the shape of a bundle of evidence, by the root of its Merkle tree.
func evidenceBundle() shape {
	s := shape{
		"":                       {kind: canonical.Object},
		"/bundleId":              {kind: canonical.String, required: true, check: role},
		"/case":                  {kind: canonical.String, check: sentence(maxWord)},
		"/entries":               {kind: canonical.Number, required: true, check: integer},
		"/merkle":                {kind: canonical.Object, required: true},
		"/merkle/recipe":         {kind: canonical.String, required: true, check: oneOf("rfc6962-sha256", "checksums-sha256")},
		"/merkle/root":           {kind: canonical.String, required: true, check: policyDigest},
		"/producer":              {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/producedAt":            {kind: canonical.String, required: true, check: instant},
		"/replayManifest":        {kind: canonical.String, check: policyDigest},
		"/transparency":          {kind: canonical.Object, check: notEmpty},
		"/transparency/uuid":     {kind: canonical.String, check: entryUUID},
		"/transparency/logIndex": {kind: canonical.Number, check: integer},
		"/transparency/reason":   {kind: canonical.String, check: reason},
	}
	s.digests("/sboms")
	s.digests("/vex")
	return s
}

// replay is the shape of a replay manifest: all that a scan was made of, so that it
// can be made again.
func replay() shape {
	s := shape{
		"":                    {kind: canonical.Object},
		"/scan":               {kind: canonical.Object, required: true},
		"/scan/id":            {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/scan/time":          {kind: canonical.String, required: true, check: instant},
		"/scan/cryptoProfile": {kind: canonical.String, check: formatID},
		"/subject":            {kind: canonical.Object, required: true},
		"/subject/digest":     {kind: canonical.String, required: true, check: policyDigest},
		"/inputs":             {kind: canonical.Object, required: true},
		"/inputs/environment": {kind: canonical.String, check: policyDigest},
		"/policy":             {kind: canonical.Object},
		"/policy/digest":      {kind: canonical.String, required: true, check: policyDigest},
		"/reachability":       {kind: canonical.Object, check: notEmpty},
		"/provenance":         {kind: canonical.Object, opaque: true},
	}
	s.program("/scan/scanner", true)
	s.digests("/subject/layers")
	s.references("/inputs/feeds", false)
	s.references("/inputs/rules", false)
	s.references("/inputs/tools", false)
	s.references("/outputs", true)
	s.digests("/reachability/graphs")
	s.digests("/reachability/traces")
	return s
}

// digests adds the shape of a list of digests.
func (s shape) digests(at string) {
	s[at] = rule{kind: canonical.Array, check: between(1, maxRefs, "digests")}
	s[at+"/*"] = rule{kind: canonical.String, check: policyDigest}
}

// verdictReceipt is the shape of verdict.stella/v1, as the original documents it. It
// may have members that are not documented.
func verdictReceipt() shape {
	return shape{
		"":                            {kind: canonical.Object, open: true},
		"/graphRevisionId":            {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/findingKey":                 {kind: canonical.Object, required: true, open: true},
		"/findingKey/sbomEntryId":     {kind: canonical.String, required: true, check: sentence(maxURI)},
		"/findingKey/vulnerabilityId": {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/rule":                       {kind: canonical.Object, required: true, open: true},
		"/rule/id":                    {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/rule/version":               {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/decision":                   {kind: canonical.Object, required: true, open: true},
		"/decision/status":            {kind: canonical.String, required: true, check: decision},
		"/decision/reason":            {kind: canonical.String, required: true, check: prose(maxNotes)},
		"/inputs":                     {kind: canonical.Object, required: true, open: true},
		"/inputs/sbomDigest":          {kind: canonical.String, required: true, check: policyDigest},
		"/inputs/feedsDigest":         {kind: canonical.String, required: true, check: policyDigest},
		"/inputs/policyDigest":        {kind: canonical.String, required: true, check: policyDigest},
		"/outputs":                    {kind: canonical.Object, required: true, opaque: true},
		"/createdAt":                  {kind: canonical.String, required: true, check: sentence(maxReason)},
	}
}

// policyDecision is the shape of policy-decision@v1, as the original documents it.
func policyDecision() shape {
	return shape{
		"":                              {kind: canonical.Object, open: true},
		"/finding_id":                   {kind: canonical.String, required: true, check: sentence(maxURI)},
		"/cve":                          {kind: canonical.String, required: true, check: sentence(maxWord)},
		"/component_purl":               {kind: canonical.String, required: true, check: uri},
		"/decision":                     {kind: canonical.String, required: true, check: oneOf("Allow", "Review", "Block", "Suppress", "Escalate")},
		"/reasoning":                    {kind: canonical.Object, required: true, open: true},
		"/reasoning/rules_evaluated":    {kind: canonical.Number, required: true, check: integer},
		"/reasoning/rules_matched":      {kind: canonical.Array, required: true, check: between(0, maxRefs, "rules")},
		"/reasoning/rules_matched/*":    {kind: canonical.String, check: sentence(maxWord)},
		"/reasoning/final_score":        {kind: canonical.Number, required: true, check: percent},
		"/reasoning/risk_multiplier":    {kind: canonical.Number, required: true},
		"/reasoning/reachability_state": {kind: canonical.String, check: sentence(maxWord)},
		"/reasoning/vex_status":         {kind: canonical.String, check: sentence(maxWord)},
		"/reasoning/summary":            {kind: canonical.String, check: prose(maxNotes)},
		"/evidence_refs":                {kind: canonical.Array, required: true, check: between(0, maxRefs, "references")},
		"/evidence_refs/*":              {kind: canonical.String, check: policyDigest},
		"/evaluated_at":                 {kind: canonical.String, required: true, check: sentence(maxReason)},
		"/expires_at":                   {kind: canonical.String, check: sentence(maxReason)},
		"/policy_version":               {kind: canonical.String, required: true, check: sentence(maxWord)},
	}
}
