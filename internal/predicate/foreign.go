package predicate

import "github.com/stellaops/stella/pkg/dsse/canonical"

// The shapes of what others define say what stella holds it to: the members by which it
// is told, and those that are shown or judged. Whatever else a document has is for its
// own schema.

// cycloneDXShape is of CycloneDX in JSON (ECMA-424).
func cycloneDXShape() shape {
	return shape{
		"":                 {kind: canonical.Object, open: true},
		"/bomFormat":       {kind: canonical.String, required: true, check: oneOf("CycloneDX")},
		"/specVersion":     {kind: canonical.String, required: true, check: oneOf(cycloneDXVersions()...)},
		"/serialNumber":    {kind: canonical.String, check: sentence(maxWord)},
		"/metadata":        {kind: canonical.Object, opaque: true},
		"/components":      {kind: canonical.Array, opaque: true},
		"/dependencies":    {kind: canonical.Array, opaque: true},
		"/compositions":    {kind: canonical.Array, opaque: true},
		"/services":        {kind: canonical.Array, opaque: true},
		"/vulnerabilities": {kind: canonical.Array, opaque: true},
	}
}

// spdxShape is of SPDX 2 and SPDX 3 in JSON, which share a type.
func spdxShape() shape {
	var versions []string
	for _, v := range spdx2Versions() {
		versions = append(versions, "SPDX-"+v)
	}
	return shape{
		"":               {kind: canonical.Object, open: true},
		"/spdxVersion":   {kind: canonical.String, check: oneOf(versions...)},
		"/name":          {kind: canonical.String},
		"/creationInfo":  {kind: canonical.Object, opaque: true},
		"/packages":      {kind: canonical.Array, opaque: true},
		"/files":         {kind: canonical.Array, opaque: true},
		"/relationships": {kind: canonical.Array, opaque: true},
		"/@graph":        {kind: canonical.Array, opaque: true},
	}
}

// syftShape is of what Syft writes of itself, in any version.
func syftShape() shape {
	return shape{
		"":                    {kind: canonical.Object, open: true},
		"/artifacts":          {kind: canonical.Array, required: true, opaque: true},
		"/source":             {kind: canonical.Object, opaque: true},
		"/descriptor":         {kind: canonical.Object, open: true},
		"/descriptor/name":    {kind: canonical.String, check: sentence(maxWord)},
		"/descriptor/version": {kind: canonical.String, check: sentence(maxWord)},
		"/schema":             {kind: canonical.Object, open: true},
		"/schema/version":     {kind: canonical.String, check: sentence(maxWord)},
		"/schema/url":         {kind: canonical.String, check: sentence(maxURI)},
	}
}

// openVEXShape is of OpenVEX 0.2.0 ("The Document Struct", "Status Labels").
func openVEXShape() shape {
	return shape{
		"":                            {kind: canonical.Object, open: true},
		"/@context":                   {kind: canonical.String, required: true, check: oneOf(TypeOpenVEX + "/v0.2.0")},
		"/@id":                        {kind: canonical.String, check: sentence(maxURI)},
		"/author":                     {kind: canonical.String, check: sentence(maxURI)},
		"/timestamp":                  {kind: canonical.String, check: sentence(maxReason)},
		"/statements":                 {kind: canonical.Array, required: true},
		"/statements/*":               {kind: canonical.Object, open: true},
		"/statements/*/status":        {kind: canonical.String, required: true, check: oneOf(vexStatuses()...)},
		"/statements/*/products":      {kind: canonical.Array, opaque: true},
		"/statements/*/justification": {kind: canonical.String, check: oneOf(vexJustifications()...)},
	}
}

// vulnsShape is of the in-toto predicate (spec/predicates/vuln.md), and vulnShape of
// cosign's (specs/COSIGN_VULN_ATTESTATION_SPEC.md), whose result is whatever the scanner
// wrote.
func vulnsShape() shape {
	s := vulnShape()
	delete(s, "/invocation")
	s["/scanner/result"] = rule{kind: canonical.Array, required: true, opaque: true}
	return s
}

func vulnShape() shape {
	return shape{
		"":                         {kind: canonical.Object, open: true},
		"/invocation":              {kind: canonical.Object, required: true, opaque: true},
		"/scanner":                 {kind: canonical.Object, required: true, open: true},
		"/scanner/uri":             {kind: canonical.String},
		"/scanner/version":         {kind: canonical.String},
		"/scanner/db":              {kind: canonical.Object, opaque: true},
		"/metadata":                {kind: canonical.Object, required: true, open: true},
		"/metadata/scanStartedOn":  {kind: canonical.String},
		"/metadata/scanFinishedOn": {kind: canonical.String},
	}
}

// slsaProvenance02 is the shape of SLSA provenance v0.2 (SLSA specification,
// "Provenance" v0.2). Parameters, environment and the build's configuration are whatever
// the builder calls so.
func slsaProvenance02() shape {
	s := resources("/materials")
	for at, r := range (shape{
		"":                                    {kind: canonical.Object, open: true},
		"/builder":                            {kind: canonical.Object, required: true, open: true},
		"/builder/id":                         {kind: canonical.String, required: true, check: uri},
		"/buildType":                          {kind: canonical.String, required: true, check: uri},
		"/invocation":                         {kind: canonical.Object, open: true},
		"/invocation/configSource":            {kind: canonical.Object, open: true},
		"/invocation/configSource/uri":        {kind: canonical.String, check: sentence(maxURI)},
		"/invocation/configSource/digest":     {kind: canonical.Object, opaque: true},
		"/invocation/configSource/entryPoint": {kind: canonical.String},
		"/metadata":                           {kind: canonical.Object, open: true},
		"/metadata/buildInvocationId":         {kind: canonical.String},
		"/metadata/buildStartedOn":            {kind: canonical.String, check: sentence(maxReason)},
		"/metadata/buildFinishedOn":           {kind: canonical.String, check: sentence(maxReason)},
		"/metadata/completeness":              {kind: canonical.Object, opaque: true},
	}) {
		s[at] = r
	}
	return s
}
