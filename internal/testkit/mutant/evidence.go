package mutant

import (
	"encoding/json/jsontext"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stellaops/stella/internal/testkit/world"
)

// Evidence makes changed evidence of the shapes of a world. What it takes parts from
// are the bundles of all shapes and the inputs that fuzzers found.
type Evidence struct {
	source *Source
	world  *world.World
	shapes []world.Options
	seen   map[string]bool // what was changed in those that were made
}

// corpora are the folders, from the repository's root, with what fuzzers found.
func corpora() []string {
	return []string{
		"internal/bundle/testdata/fuzz/FuzzForms", "internal/bundle/testdata/fuzz/FuzzRead",
		"pkg/dsse/testdata/fuzz/FuzzParseEnvelope", "pkg/dsse/intoto/testdata/fuzz/FuzzParseStatement",
	}
}

// furtherDonors have the members that nothing of the world's has.
func furtherDonors() [][]byte {
	return [][]byte{
		[]byte(`{"dsseEnvelope":{"signatures":[{"keyid":"a","sig":"AAAA"},{"sig":"AAAA","extension":{"kind":"x"}}]}}`),
		[]byte(`{"_type":"https://in-toto.io/Statement/v0.1","predicate":[],"subject":[{"name":"other","uri":"https://a.test",` +
			`"digest":{"sha256":"00","sha512":"00","gitCommit":"00"},"annotations":{}}]}`),
	}
}

// NewEvidence returns a generator whose evidence follows from the seed. root is the
// repository's. Only shapes that take accepts are made.
func NewEvidence(t testing.TB, seed uint64, root string, take func(world.Shape) bool) *Evidence {
	t.Helper()
	g := &Evidence{world: world.New("mutants"), seen: make(map[string]bool)}
	donors := furtherDonors()
	for _, folder := range corpora() {
		donors = append(donors, corpus(t, filepath.Join(root, folder))...)
	}
	for _, s := range g.world.Shapes() {
		if take(s) {
			g.shapes = append(g.shapes, s.Options)
			donors = append(donors, g.world.Bundle(s.Options))
		}
	}
	g.source = New(seed, donors...)
	return g
}

// corpus reads a folder of inputs as "go test" keeps them.
func corpus(t testing.TB, folder string) [][]byte {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus in %s: %v", folder, err)
	}
	var out [][]byte
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if quoted, ok := strings.CutPrefix(strings.TrimSpace(line), "[]byte("); ok {
				if input, err := strconv.Unquote(strings.TrimSuffix(quoted, ")")); err == nil {
					out = append(out, []byte(input))
				}
			}
		}
	}
	return out
}

// Next returns evidence that says something else than the world's, or says it in
// another form, by changes that it did not make before, and what they are. Every
// second statement is changed before it is signed, so that the signature is good.
func (g *Evidence) Next() (e *world.Evidence, how string) {
	for {
		e, how = g.make()
		if how != "" && !g.seen[how] {
			g.seen[how] = true
			return e, how
		}
	}
}

func (g *Evidence) make() (e *world.Evidence, how string) {
	o := Pick(g.source, g.shapes)
	if o.Content == world.Statement && Pick(g.source, []bool{true, false}) {
		var changes []string
		o.Payload, changes = g.source.Mutate(world.StatementAbout([]byte(world.DefaultArtifact)))
		return g.world.Evidence(o), "signed: " + strings.Join(changes, ", ")
	}
	e = g.world.Evidence(o)
	changed, changes := g.source.Mutate(e.Bundle)
	if canonical(changed) == canonical(e.Bundle) {
		return nil, ""
	}
	e.Bundle = changed
	return e, strings.Join(changes, ", ")
}

// canonical is the same for two documents that say the same. What is no JSON stands
// for itself.
func canonical(document []byte) string {
	v := jsontext.Value(document).Clone()
	if err := v.Canonicalize(); err != nil {
		return string(document)
	}
	return string(v)
}
