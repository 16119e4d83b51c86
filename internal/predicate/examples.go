package predicate

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"maps"
	"slices"
)

// Digests in the examples: of documents that there are only in words.
const (
	exampleImage  = "6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"
	exampleGraph  = "eef93e1d14482804277fca0172464032d1a4fdbcc338524059fa1e861454ad4d"
	exampleReplay = "sha256:ac203c9843b5bd8c883e07039ff82820c94422010be6108bb82403ca25376a22"
	examplePolicy = "sha256:823412d1eacb67956220e532959f0104603057c88704863ca38e7cd188fda812"
	exampleVEX    = "sha256:a8796d378552ff66f8b3420145f4dc654df50dae9b438a9f83309744a1a4d2af"
	exampleSource = "98f3ae1ef67113d8140d4f6cb8d2830070e21ea48f091be519659846c771a374"
	exampleTime   = "2026-11-23T08:00:00Z"
)

// Examples has an example of each predicate that users write themselves and sign with
// sign statement --type: a place to start from, and how the models are filled in. Other
// predicates are made by a command, from a document or from what it finds.
func Examples() map[string]Model {
	return map[string]Model{
		TypeVEXDecision: exampleVEXDecision(), TypeGraph: exampleReachability(), TypePolicy: exampleEvaluation(),
		TypeEvidence: exampleBundle(), TypeReplay: exampleManifest(), TypeSLSA1: exampleProvenance(),
	}
}

// Exampled returns the short names of the types that have an example, sorted.
func Exampled() []string {
	var names []string
	for uri := range maps.Keys(Examples()) {
		if t, err := Lookup(uri); err == nil {
			names = append(names, t.Name)
		}
	}
	return slices.Sorted(slices.Values(names))
}

// Example returns the example of a type, indented for people, or nil for a type that has
// none.
func Example(predicateType string) ([]byte, error) {
	m, ok := Examples()[predicateType]
	if !ok {
		return nil, nil
	}
	b, err := json.Marshal(m, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("failed to write the example: %w", err)
	}
	return append(b, '\n'), nil
}

func exampleSBOM() Reference {
	return Reference{"sbom.cdx.json", "sha256:dcbfd5da73df887e44388e22a6823438c6153f08105fe1b7460b615513fc3258"}
}

func exampleReport() Reference {
	return Reference{"report.sarif.json", "sha256:53bb3b32ae9e3687ceb22050eb45b1e38030da13cc997ae1fd03881352648f70"}
}

func exampleEngine() *Program { return &Program{"stella-policy", "1.4.2"} }

func exampleVEXDecision() *VEXDecision {
	confidence := 0.9
	return &VEXDecision{
		Vulnerability:   Vulnerability{ID: "CVE-2026-1234", Aliases: []string{"GHSA-aaaa-bbbb-cccc"}},
		Product:         Product{ID: "pkg:oci/app?repository_url=registry.example/app", Digest: "sha256:" + exampleImage},
		Status:          StatusNotAffected,
		Justification:   "vulnerable_code_not_in_execute_path",
		ImpactStatement: "The parser is never called.",
		Reachability:    &Reachability{State: "unreachable", Confidence: &confidence, Graph: "sha256:" + exampleGraph},
		PolicyDigest:    examplePolicy,
		Engine:          exampleEngine(),
		Evidence:        []Reference{exampleSBOM()},
		DecidedAt:       exampleTime,
		ExpiresAt:       "2027-02-23T08:00:00Z",
	}
}

func exampleReachability() *Graph {
	entrypoints := int64(14)
	return &Graph{
		Format:      "richgraph-v1",
		Digest:      GraphDigest{SHA256: exampleGraph, BLAKE3: "d74c5438778664f9cfba631ce1d98a741db54f55a3c14eb6467cfc09122e4234"},
		MediaType:   "application/json",
		Size:        182_044,
		Nodes:       5120,
		Edges:       20_310,
		Entrypoints: &entrypoints,
		URI:         "cas://reachability/graphs/" + exampleGraph,
		Analyzer:    Program{"stella-reach", "2.0.1"},
		Inputs:      []Reference{exampleSBOM()},
		CreatedAt:   exampleTime,
	}
}

func exampleEvaluation() *PolicyEvaluation {
	return &PolicyEvaluation{
		Policy:   EvaluatedPolicy{Digest: examplePolicy, Name: "production", Version: "12", Views: []string{"inventory", "usage"}},
		Decision: "warn",
		Rules: []RuleOutcome{
			{Name: "no critical finding", Outcome: OutcomePassed},
			{Name: "licences", Outcome: OutcomeFailed, Message: "One component has none."},
		},
		Inputs:      []Reference{exampleSBOM(), exampleReport()},
		Engine:      exampleEngine(),
		EvaluatedAt: exampleTime,
	}
}

func exampleBundle() *EvidenceBundle {
	return &EvidenceBundle{
		BundleID:       "eb-2026-11-23-01",
		Case:           "INC-4711",
		Entries:        42,
		Merkle:         MerkleRoot{RecipeRFC6962, "sha256:4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2"},
		Producer:       "evidence-locker:eu",
		ProducedAt:     exampleTime,
		ReplayManifest: exampleReplay,
		SBOMs:          []string{"sha256:" + exampleSource},
		VEX:            []string{exampleVEX},
		Transparency:   &Transparency{Reason: "offline"},
	}
}

func exampleManifest() *Replay {
	return &Replay{
		Scan: ReplayScan{ID: "scan-4711", Time: exampleTime, Scanner: Program{"stella-scanner", "2026.11"}, CryptoProfile: "default"},
		Subject: ReplaySubject{Digest: "sha256:" + exampleImage, Layers: []string{
			"sha256:54db133a109fd7f0d6eb72da16df1af078f2bf86e917ae3c780a13d811d6aa6f",
			"sha256:0c6eea24ed5f3274df121af2d789e43839b3bcfb328db8deb86b46896d57be67",
		}},
		Inputs: ReplayInputs{
			Feeds: []Reference{
				{"osv", "sha256:5148d04a6c781343f70c5fcc0cf73dc6d166e243156ccf83e9031a74b98c1c90"},
				{"nvd", "sha256:43d5082861bdc6a96e6413973615dece4d1a798b466f9484598ac2c713644a61"},
			},
			Rules:       []Reference{{"rules.yaml", "sha256:dad9b51c403bef1e85a4e46c3b85c3e4e9dc24fcfb65616d8d6fa580ab160ce8"}},
			Tools:       []Reference{{"analyzer", "sha256:e28f74d371c2d2c909ff06779dc54cf1c7b68d2a2b701f4d82d25c5d919c63ee"}},
			Environment: "sha256:ba5285161ba6eed0085fb13784ce5c92f70ebc268b94fd66aa1d68a32884204d",
		},
		Policy:       &ReplayPolicy{Digest: examplePolicy},
		Outputs:      []Reference{exampleSBOM(), exampleReport()},
		Reachability: &ReplayAnalysis{Graphs: []string{"sha256:" + exampleGraph}},
	}
}

func exampleProvenance() *Provenance {
	return &Provenance{
		BuildDefinition: BuildDefinition{
			BuildType:            "https://stella.ops/build/export/v1",
			ExternalParameters:   map[string]any{"profile": "release"},
			ResolvedDependencies: []ResourceDescriptor{{Name: "sbom.cdx.json", Digest: map[string]string{"sha256": exampleSource}}},
		},
		RunDetails: RunDetails{
			Builder:  Builder{ID: "https://stella.ops/stella", Version: map[string]string{"stella": "1.0.0"}},
			Metadata: &BuildMetadata{InvocationID: "https://ci.example/runs/4711", StartedOn: exampleTime, FinishedOn: exampleTime},
		},
	}
}
