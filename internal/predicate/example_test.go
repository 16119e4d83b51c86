package predicate_test

import (
	"fmt"

	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// A decision on one finding, drafted as the statement that is signed.
func ExampleNewDraft() {
	decision := &predicate.VEXDecision{
		Vulnerability: predicate.Vulnerability{ID: "CVE-2026-1234"},
		Product:       predicate.Product{ID: "pkg:oci/app?repository_url=registry.example/app"},
		Status:        predicate.StatusFixed,
		DecidedAt:     "2026-11-23T08:00:00Z",
	}
	draft, err := predicate.NewDraft(decision, intoto.Subject{
		Name: "registry.example/app", Digest: map[string]string{"sha256": "6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"},
	})
	fmt.Println(draft.PredicateType, err)
	// Output: stella.ops/vexDecision@v1 <nil>
}
