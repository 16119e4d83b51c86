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
		j.found = "the signature is over the artifact"
		if n := len(j.policy.Subjects); n > 1 {
			j.found = fmt.Sprintf("the signature is over %d of %d demanded artifacts", len(j.result.demanded), n)
		}
		if digest := j.result.Artifact; digest != "" {
			j.found = "the signature is over what has sha256:" + digest
		}
		return nil
	}
	for a := range j.policy.Subjects {
		if err := j.matchArtifact(a); err != nil {
			return unjudged{err}
		}
	}
	if len(j.result.demanded) == 0 {
		return fault.New(fault.SubjectMismatch, "the statement is not about %s", artifactNames(j.policy.Subjects))
	}
	j.found = fmt.Sprintf("about %d of %d demanded artifacts", len(j.result.demanded), len(j.policy.Subjects))
	return nil // whether each artifact has its evidence is judged over all results
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
	for i := range list[:min(len(list), maxNamed)] {
		names = append(names, describe(&list[i]))
	}
	return join(names, len(list))
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
