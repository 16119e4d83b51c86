package report

import (
	"cmp"
	"fmt"
	"html/template"
	"strings"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// findingList is the failed checks of a case, written as they come.
type findingList struct {
	templates *template.Template
	to        *atomicfile.Spool
	count     int
	places    int // in which something is wrong
}

// findingView is one failed check.
type findingView struct {
	Number       int
	Place, Check string
	Reason       fault.Reason
	Found, Do    string
	Details      int  // the number of the evidence that is shown in full; 0 for none
	Begins, Ends bool // it is the first or last of its part of the list
}

// findingsTogether is how many findings are one part of the list. A browser lays out the
// parts that it shows.
const findingsTogether = 100

// open reports whether the last part of the list has no end yet.
func (l *findingList) open() bool {
	return l.count < MaxCaseFindings && l.count%findingsTogether > 0
}

// add takes in what is wrong by a result, which is shown in full under a number.
func (l *findingList) add(r *verify.Result, number int) error {
	wrong := false
	for i := range r.Checks {
		check := &r.Checks[i]
		if check.Status != verify.Failed {
			continue
		}
		wrong = true
		if l.count++; l.count > MaxCaseFindings {
			continue
		}
		v := findingView{
			Number: l.count, Place: casePlace(r), Check: check.Name, Reason: check.Reason,
			Found: check.Message, Do: cmp.Or(check.Hint, nextStep(check.Reason)), Details: number,
			Begins: l.count%findingsTogether == 1, Ends: l.count%findingsTogether == 0,
		}
		if err := l.templates.ExecuteTemplate(l.to, "finding", v); err != nil {
			return err
		}
	}
	if wrong {
		l.places++
	}
	return nil
}

// casePlace says where in the snapshot a result is about.
func casePlace(r *verify.Result) string {
	shown, more := bounded(r.Evidence, maxPageParts)
	var places []string
	for _, e := range shown {
		place := cmp.Or(e.Member, "the snapshot as a whole")
		if e.Line > 0 {
			place += fmt.Sprintf(", line %d", e.Line)
		}
		if e.Part != "" {
			place += ", " + e.Part
		}
		places = append(places, place)
	}
	if more > 0 {
		places = append(places, countWords(more, "further document"))
	}
	return strings.Join(places, "; ")
}

// nextStep says what an auditor can do about a failure, where the check itself does not.
func nextStep(r fault.Reason) string {
	switch r {
	case fault.SnapshotChecksum, fault.SnapshotRoot:
		return "Do not rely on it. Keep this copy as it is, get the snapshot again from who made it, and run stella forensic verify on both: each is held to its own manifest."
	case fault.SnapshotMissing:
		return "Do not take the snapshot for whole. Ask who made it for a copy that has all that is listed."
	case fault.SnapshotUnlisted:
		return "Leave it out of account: nobody signed for it. Ask how it came into the snapshot."
	case fault.SnapshotOrder:
		return "Ask who packed the snapshot with which program: stella writes each entry once, in the order of the manifest."
	case fault.SnapshotCase:
		return "Make sure that you were given the snapshot of the case you asked for."
	case fault.SnapshotReference:
		return "Ask for the evidence that is named, or who changed it since: compare it with the digest that is given here."
	case fault.SnapshotMalformed, fault.ArchiveMalformed, fault.InputUnreadable, fault.InputEncoding, fault.InputMalformed:
		return "Get the file again: it may have been damaged or cut off on the way."
	case fault.TimelineTampered, fault.TimelineMalformed:
		return "Compare the timeline with a checkpoint that was kept elsewhere: stella forensic timeline verify --checkpoint."
	case fault.SignatureMissing, fault.SubjectRequired:
		return "Ask for what is missing. Unsigned evidence is nobody's word."
	case fault.KeyExpired, fault.KeyNotYetValid, fault.KeyRevoked:
		return "Ask for a proof of the time of signing, such as a time stamp: with one the key is judged at that time."
	}
	return "Ask who made the evidence, and do not rely on it until the question is answered."
}
