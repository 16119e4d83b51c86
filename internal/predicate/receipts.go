package predicate

import "github.com/stellaops/stella/pkg/dsse/canonical"

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
		"/reasoning/rules_matched":      {kind: canonical.Array, required: true, size: between(0, maxRefs, "rules")},
		"/reasoning/rules_matched/*":    {kind: canonical.String, check: sentence(maxWord)},
		"/reasoning/final_score":        {kind: canonical.Number, required: true, check: percent},
		"/reasoning/risk_multiplier":    {kind: canonical.Number, required: true},
		"/reasoning/reachability_state": {kind: canonical.String, check: sentence(maxWord)},
		"/reasoning/vex_status":         {kind: canonical.String, check: sentence(maxWord)},
		"/reasoning/summary":            {kind: canonical.String, check: prose(maxNotes)},
		"/evidence_refs":                {kind: canonical.Array, required: true, size: between(0, maxRefs, "references")},
		"/evidence_refs/*":              {kind: canonical.String, check: policyDigest},
		"/evaluated_at":                 {kind: canonical.String, required: true, check: sentence(maxReason)},
		"/expires_at":                   {kind: canonical.String, check: sentence(maxReason)},
		"/policy_version":               {kind: canonical.String, required: true, check: sentence(maxWord)},
	}
}
