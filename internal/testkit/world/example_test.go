package world_test

import (
	"fmt"

	"github.com/stellaops/stella/internal/testkit/world"
)

// Evidence is made, given to a verifier (here sigstore-go), changed at one place,
// and given to it again.
func Example() {
	w := world.New("example")

	good := w.Evidence(world.Options{})
	fmt.Println("bundle, trusted root, artifact:", sigstoreGo(good))

	for _, m := range world.Mutations() {
		if m.Name == "sct-missing" {
			fmt.Println(m.Refused+":", sigstoreGo(m.Evidence(w)) != nil)
		}
	}

	key := w.Evidence(world.Options{Version: world.V01, Content: world.Message, Signer: world.Key, Log: world.LogV1Promise})
	fmt.Println("a bare key, logged, of version 0.1:", sigstoreGo(key))
	// Output:
	// bundle, trusted root, artifact: <nil>
	// the certificate has no SCT: true
	// a bare key, logged, of version 0.1: <nil>
}
