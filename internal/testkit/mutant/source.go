package mutant

import (
	"encoding/json/v2"
	"math/rand/v2"
	"slices"
)

// Source makes mutants. It is not safe for concurrent use.
type Source struct {
	rand   *rand.Rand
	donors map[string][]any // values by the name of their place
}

// maxChanges is how many changes a mutant has at most.
const maxChanges = 3

// New returns a source whose changes follow from the seed. Donors are documents
// of which parts are taken; those that are not JSON have none.
func New(seed uint64, donors ...[]byte) *Source {
	s := &Source{rand: rand.New(rand.NewPCG(seed, 0)), donors: make(map[string][]any)}
	for _, d := range donors {
		s.learn(d)
	}
	return s
}

// learn takes a document's parts as donors.
func (s *Source) learn(document []byte) {
	var root any
	if json.Unmarshal(document, &root) != nil {
		return
	}
	for _, p := range places(&root) {
		s.donors[p.name] = append(s.donors[p.name], p.get())
	}
}

// Mutate changes a JSON document in up to three places, and says how in a few words.
// Two mutants with the same words differ at most in which of several elements was
// changed, and by which value.
func (s *Source) Mutate(document []byte) (mutant []byte, how []string) {
	var root any
	if err := json.Unmarshal(document, &root); err != nil {
		panic(err) // it is the test's own
	}
	for range 1 + s.rand.IntN(maxChanges) {
		at := places(&root)
		how = append(how, s.change(at[s.rand.IntN(len(at))]))
	}
	mutant = encode(root)
	if s.rand.IntN(4) == 0 {
		var also string
		mutant, also = s.rewrite(mutant)
		how = append(how, also)
	}
	return mutant, how
}

// Pick returns one of a list.
func Pick[T any](s *Source, list []T) T { return list[s.rand.IntN(len(list))] }

func encode(v any) []byte {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(err) // it was decoded by the same package
	}
	return b
}

// place is where a value stands.
type place struct {
	name string // its member's; of an element its list's, with brackets
	get  func() any
	set  func(any)
	drop func() // nil for the whole document
}

// places are all places in a document, the whole first, in an order that is always
// the same.
func places(root *any) []place {
	whole := place{name: "document", get: func() any { return *root }, set: func(v any) { *root = v }}
	return below([]place{whole}, whole)
}

func below(out []place, p place) []place {
	switch v := p.get().(type) {
	case map[string]any:
		for _, name := range names(v) {
			out = below(append(out, member(v, name)), member(v, name))
		}
	case []any:
		for i := range v {
			e := element(p, v, i)
			out = below(append(out, e), e)
		}
	}
	return out
}

func member(in map[string]any, name string) place {
	return place{
		name: name,
		get:  func() any { return in[name] },
		set:  func(v any) { in[name] = v },
		drop: func() { delete(in, name) },
	}
}

func element(list place, in []any, i int) place {
	return place{
		name: list.name + "[]",
		get:  func() any { return in[i] },
		set:  func(v any) { in[i] = v },
		drop: func() { list.set(slices.Delete(slices.Clone(in), i, i+1)) },
	}
}

// names are an object's member names, sorted.
func names(object map[string]any) []string {
	out := make([]string, 0, len(object))
	for name := range object {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// clone is a copy that shares nothing.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			out[name] = clone(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = clone(v[i])
		}
		return out
	}
	return v
}
