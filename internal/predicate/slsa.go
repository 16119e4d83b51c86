package predicate

import (
	"maps"

	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// Provenance is the predicate https://slsa.dev/provenance/v1: how something was made
// (SLSA specification 1.0, "Provenance").
type Provenance struct {
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
}

// BuildDefinition says what was to be built: everything that decides on the result.
type BuildDefinition struct {
	// BuildType is a URI that says what the parameters mean.
	BuildType string `json:"buildType"`
	// ExternalParameters are under the control of who asked for the build, and
	// InternalParameters under that of the platform. Their values are JSON.
	ExternalParameters   map[string]any       `json:"externalParameters"`
	InternalParameters   map[string]any       `json:"internalParameters,omitempty"`
	ResolvedDependencies []ResourceDescriptor `json:"resolvedDependencies,omitempty"`
}

// RunDetails says how it was built.
type RunDetails struct {
	Builder    Builder              `json:"builder"`
	Metadata   *BuildMetadata       `json:"metadata,omitzero"`
	Byproducts []ResourceDescriptor `json:"byproducts,omitempty"`
}

// Builder is who is answerable for the build.
type Builder struct {
	ID                  string               `json:"id"` // a URI
	Version             map[string]string    `json:"version,omitempty"`
	BuilderDependencies []ResourceDescriptor `json:"builderDependencies,omitempty"`
}

// BuildMetadata is about one run. Times are RFC 3339 in UTC, and empty if unknown.
type BuildMetadata struct {
	InvocationID string `json:"invocationId,omitzero"`
	StartedOn    string `json:"startedOn,omitzero"`
	FinishedOn   string `json:"finishedOn,omitzero"`
}

// ResourceDescriptor names something (in-toto attestation framework,
// spec/v1/resource_descriptor.md).
type ResourceDescriptor struct {
	Name        string            `json:"name,omitzero"`
	URI         string            `json:"uri,omitzero"`
	Digest      map[string]string `json:"digest,omitempty"` // lower-case hex by algorithm
	MediaType   string            `json:"mediaType,omitzero"`
	Annotations map[string]any    `json:"annotations,omitempty"`
}

// PredicateType implements Model.
func (*Provenance) PredicateType() string { return TypeSLSA1 }

// slsaProvenance is the shape of provenance. Consumers ignore members that they do not
// know, as the specification demands.
func slsaProvenance() shape {
	s := shape{
		"":                                    {kind: canonical.Object, open: true},
		"/buildDefinition":                    {kind: canonical.Object, required: true, open: true},
		"/buildDefinition/buildType":          {kind: canonical.String, required: true, check: uri},
		"/buildDefinition/externalParameters": {kind: canonical.Object, required: true, opaque: true},
		"/buildDefinition/internalParameters": {kind: canonical.Object, opaque: true},
		"/runDetails":                         {kind: canonical.Object, required: true, open: true},
		"/runDetails/builder":                 {kind: canonical.Object, required: true, open: true},
		"/runDetails/builder/id":              {kind: canonical.String, required: true, check: uri},
		"/runDetails/builder/version":         {kind: canonical.Object, opaque: true},
		"/runDetails/metadata":                {kind: canonical.Object, open: true},
		"/runDetails/metadata/invocationId":   {kind: canonical.String, check: sentence(maxURI)},
		"/runDetails/metadata/startedOn":      {kind: canonical.String, check: sentence(maxReason)},
		"/runDetails/metadata/finishedOn":     {kind: canonical.String, check: sentence(maxReason)},
	}
	for _, at := range []string{"/buildDefinition/resolvedDependencies", "/runDetails/byproducts", "/runDetails/builder/builderDependencies"} {
		maps.Copy(s, resources(at))
	}
	return s
}

// resources is the shape of a list of resource descriptors.
func resources(at string) shape {
	return shape{
		at:                  {kind: canonical.Array, size: between(0, maxResources, "resources")},
		at + "/*":           {kind: canonical.Object, open: true},
		at + "/*/uri":       {kind: canonical.String, check: sentence(maxURI)},
		at + "/*/name":      {kind: canonical.String, check: sentence(maxURI)},
		at + "/*/mediaType": {kind: canonical.String, check: sentence(maxMediaType)},
		at + "/*/digest":    {kind: canonical.Object, opaque: true},
	}
}

// maxResources bounds the resources of one list.
const maxResources = 100_000
