package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// checkSubject compares the statement's subjects with the demanded artifacts.
// Names identify nothing; digests do.
func checkSubject(j *judgement) error {
	switch {
	case len(j.policy.Subjects) == 0:
		return notDemanded("not compared with any artifact")
	case j.statement == nil:
		j.found = "the signature is over the artifact"
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
	return j.missingArtifact()
}

func (j *judgement) matchArtifact(a int) error {
	for i, s := range j.statement.Subjects {
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

// missingArtifact fails if one statement is all the evidence and does not name
// every demanded artifact. With several statements, Verify looks over all.
func (j *judgement) missingArtifact() error {
	if !j.only {
		return nil
	}
	return j.policy.missingArtifact(j.result)
}

func (p *Policy) missingArtifact(r *Result) error {
	for a := range p.Subjects {
		if !r.demanded[a] {
			return fault.New(fault.SubjectMismatch, "the statement is not about %s", describe(&p.Subjects[a]))
		}
	}
	return nil
}

// alone amends a result that was judged as one of several and turned out to be
// the only one.
func (p *Policy) alone(r *Result) {
	if r.Claims == nil || len(r.demanded) == 0 {
		return // no statement, or it has failed
	}
	i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.Name == "subject" })
	if err := p.missingArtifact(r); err != nil && r.Checks[i].Status == Passed {
		r.Checks[i] = finding("subject", "", err)
	}
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
