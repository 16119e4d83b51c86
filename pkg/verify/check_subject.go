package verify

import (
	"fmt"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// checkSubject compares the statement's subjects with the demanded artifacts.
// Names identify nothing; digests do.
func checkSubject(j *judgement) error {
	switch {
	case len(j.policy.Subjects) == 0:
		return notDemanded("not compared with any artifact")
	case j.message == nil:
		return j.findBare()
	}
	for a := range j.policy.Subjects {
		if err := j.matchArtifact(a); err != nil {
			return unjudged{err}
		}
	}
	if len(j.result.demanded) == 0 {
		return fault.New(fault.SubjectMismatch, "the statement is not about %s", artifactNames(j.policy.Subjects))
	}
	matched, all := j.countArtifacts()
	j.found = fmt.Sprintf("about %d of %d demanded artifacts", matched, all)
	return nil // whether each artifact has its evidence is judged over all results
}

// countArtifacts returns how many artifacts were found of those that are demanded, each
// counted once under however many names it was given.
func (j *judgement) countArtifacts() (matched, all int) {
	if len(j.bench.first) < 2 {
		return len(j.result.demanded), len(j.bench.first)
	}
	found := make(map[int]bool)
	for a := range j.result.demanded {
		found[j.bench.first[a]] = true
	}
	for a, first := range j.bench.first {
		if a == first {
			all++
		}
	}
	return len(found), all
}

// firsts returns for each artifact the first one that is the same, as far as digests
// that were given tell: nothing is hashed for it.
func firsts(list []Artifact) []int {
	out := make([]int, len(list))
	seen := make(map[string]int)
	for i := range list {
		out[i] = i
		given := list[i].given()
		if given == "" {
			continue
		}
		if first, known := seen[given]; known {
			out[i] = first
		} else {
			seen[given] = i
		}
	}
	return out
}

// given returns the strong digest that the caller gave, or "": SHA-256 if it is there.
func (a *Artifact) given() string {
	for _, algorithm := range []string{"sha256", "sha384", "sha512"} {
		if d, ok := a.Digest[algorithm]; ok {
			return algorithm + ":" + d
		}
	}
	return ""
}

func (j *judgement) matchArtifact(a int) error {
	for i, s := range j.about {
		ok, err := j.policy.Subjects[a].matches(s)
		if err != nil {
			return err
		}
		if ok {
			j.result.demanded[a] = true
			j.result.Claims.Subjects[i].Matched = true
		}
	}
	return nil
}

// maxNamed bounds how many subjects an error names.
const maxNamed = 3

func artifactNames(list []Artifact) string {
	var names []string
	total := 0
	for i, first := range firsts(list) {
		if i != first {
			continue
		}
		if total++; total <= maxNamed {
			names = append(names, describe(&list[i]))
		}
	}
	return join(names, total)
}

func describe(a *Artifact) string {
	if d, ok, err := a.digest("sha256"); ok && err == nil {
		return fmt.Sprintf("%q (sha256:%s)", a.Name, d)
	}
	return fmt.Sprintf("%q", a.Name)
}

func join(names []string, total int) string {
	s := strings.Join(names, ", ")
	if total > len(names) {
		s += fmt.Sprintf(" and %d more", total-len(names))
	}
	return s
}
