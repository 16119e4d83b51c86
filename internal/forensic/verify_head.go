package forensic

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// maxSignature bounds the envelope over a snapshot, in bytes: 64 signatures by the
// largest keys have a tenth of it.
const maxSignature = 4 << 20

// head reads what comes before the entries.
func (v *verification) head() error {
	if err := v.begin(); err != nil {
		return err
	}
	if err := v.readSignature(); err != nil {
		return v.brokenOff(err)
	}
	return v.readChecksums()
}

func (v *verification) readManifest(m *archive.Member) (err error) {
	if m.Size > maxManifest {
		return fault.New(fault.InputTooLarge, "the manifest has more than %d bytes", maxManifest)
	}
	if v.manifestText, err = newScratch("the manifest"); err != nil {
		return err
	}
	if _, err := io.Copy(v.manifestText, m.Content); err != nil {
		return err
	}
	if err := v.manifestText.flush(); err != nil {
		return err
	}
	v.manifest, v.entriesAt, err = readManifest(v.manifestText.file, v.manifestText.size, v.layouts.listed)
	if err != nil {
		return noSnapshot(v.o.Name, "malformed manifest: "+err.Error())
	}
	v.compare = v.manifest.order()
	checks := []verify.Check{passed(checkManifest, fmt.Sprintf("case %q, created %s", v.manifest.Case, v.manifest.CreatedAt.Format(time.RFC3339)))}
	if v.o.Case != "" {
		checks = append(checks, v.checkCase())
	}
	return v.put(v.result(ManifestName, 0, "manifest", checks...))
}

func (v *verification) checkCase() verify.Check {
	if v.manifest.Case != v.o.Case {
		return failure(checkCase, fault.SnapshotCase, "the snapshot is of case %q, not of %q", v.manifest.Case, v.o.Case)
	}
	return passed(checkCase, v.o.Case)
}

// readSignature reads the envelope, if it stands behind the manifest. The error is one of
// reading.
func (v *verification) readSignature() error {
	m, err := v.member()
	if m == nil || err != nil {
		return err
	}
	if m.Name != SignatureName || m.Content == nil {
		v.pending = m
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(m.Content, maxSignature+1))
	if err != nil {
		return err
	}
	v.signature = parseSignature(text)
	return nil
}

// brokenOff notes that the archive ends early; err may be nil.
func (v *verification) brokenOff(err error) error {
	if err == nil {
		return nil
	}
	if err := v.settleAll(); err != nil || v.broken {
		return err // it is said, of a member before
	}
	return v.sayBroken(err)
}

func (v *verification) sayBroken(err error) error {
	v.broken = true
	reason := fault.ReasonOf(err)
	if reason == fault.Internal {
		reason = fault.InputUnreadable
	}
	return v.put(v.result("", 0, "archive", verify.FailedCheck(checkArchive, fault.Wrap(reason, err, ""))))
}

// judgeSignature adds to the verdict over the snapshot's signature whether it is
// about this manifest.
func (v *verification) judgeSignature(r *verify.Result) error {
	if r.Claims == nil || r.Unread() {
		return nil // nobody that is trusted signed it
	}
	var checks []verify.Check
	sum := fmt.Sprintf("%x", v.manifestText.digest())
	about := false
	for i := range r.Claims.Subjects {
		s := &r.Claims.Subjects[i]
		s.Matched = s.Digest["sha256"] == sum
		about = about || s.Matched
	}
	set := func(c verify.Check) { // in place of what the policy did not ask for
		for i := range r.Checks {
			if r.Checks[i].Name == c.Name && r.Checks[i].Status == verify.NotDemanded {
				r.Checks[i] = c
				return
			}
		}
		checks = append(checks, c)
	}
	if about {
		set(passed("subject", "it is about this manifest"))
	} else {
		set(failure("subject", fault.SubjectMismatch, "the signed statement is about another manifest than this one, which has sha256:%s", sum))
	}
	if r.Claims.PredicateType == PredicateType {
		set(passed("type", PredicateType))
		checks = append(checks, v.judgePredicate()...)
	} else {
		set(failure("type", fault.PredicateType, "what is signed is a statement of another type than %s", PredicateType))
	}
	r.Checks = append(r.Checks, checks...)
	v.judgeHolders(r)
	return nil
}

// judgeHolders counts the distinct holders whose signatures over the snapshot count.
func (v *verification) judgeHolders(r *verify.Result) {
	if v.o.Threshold <= v.o.Policy.Threshold {
		return
	}
	holders := make(map[string]bool)
	for i := range r.Signers {
		if s := &r.Signers[i]; s.Verified && s.Counted {
			holders[s.Holder] = true
		}
	}
	for i := range r.Checks {
		if c := &r.Checks[i]; c.Name == "threshold" && c.Status == verify.Passed {
			switch n := len(holders); {
			case n < v.o.Threshold:
				*c = failure(c.Name, fault.SignatureThreshold, "%d of %d demanded holders signed the snapshot", n, v.o.Threshold)
			case n > v.o.Threshold:
				*c = passed(c.Name, fmt.Sprintf("%d holders signed the snapshot, %d demanded", n, v.o.Threshold))
			default:
				*c = passed(c.Name, fmt.Sprintf("%d of %d demanded holders signed the snapshot", n, v.o.Threshold))
			}
		}
	}
}

// judgePredicate compares the manifest with the predicate, whose envelope is verified.
func (v *verification) judgePredicate() []verify.Check {
	p, err := v.signature.predicate()
	if err != nil {
		return []verify.Check{verify.FailedCheck("statement", fault.Wrap(fault.SnapshotMalformed, err, ""))}
	}
	var out []verify.Check
	if p.Case == v.manifest.Case {
		out = append(out, passed(checkCase, p.Case))
	} else {
		out = append(out, failure(checkCase, fault.SnapshotCase, "the manifest is of case %q, and it is signed for case %q", v.manifest.Case, p.Case))
	}
	for _, err := range p.differences(v.manifest) {
		out = append(out, verify.FailedCheck(checkManifest, fault.Wrap(fault.SnapshotChecksum, err, "")))
	}
	return out
}

// readChecksums joins checksums.txt with the manifest, and forms the root.
func (v *verification) readChecksums() error {
	m, err := v.member()
	if err != nil {
		return v.brokenOff(err)
	}
	if m == nil || m.Name != ChecksumsName || m.Content == nil {
		v.pending = m
		return v.put(v.result(ChecksumsName, 0, "checksums", failure(checkChecksum, fault.SnapshotMissing, "the snapshot has no %s behind its signature", ChecksumsName)))
	}
	t, err := newTree(v.manifest.HashSummary.MerkleRecipe)
	if err != nil {
		return err // cannot be: the manifest was checked
	}
	j := &checksumJoin{verification: v}
	j.entries, j.stop = pullEntries(v)
	defer j.stop()
	said := ""
	for c := range checksums(m.Content) {
		if c.text == nil {
			return v.brokenOff(c.err)
		}
		if c.n > 1 {
			if err := t.add(c.text); err != nil {
				return err
			}
		}
		said = cmp.Or(said, c.root)
		if err := j.line(&c); err != nil {
			return err
		}
	}
	if err := j.end(); err != nil {
		return err
	}
	root, err := t.root()
	if err != nil {
		return err
	}
	return v.put(v.result(ChecksumsName, 0, "checksums", v.judgeRoot(root, said, j)...))
}

func (v *verification) judgeRoot(root, said string, j *checksumJoin) []verify.Check {
	var checks []verify.Check
	if j.problems == 0 {
		checks = append(checks, passed(checkChecksum, fmt.Sprintf("%d lines, as the manifest says", j.lines)))
	}
	before := len(checks)
	if root != said && said != "" {
		checks = append(checks, failure(checkRoot, fault.SnapshotRoot, "the root of the lines is %s, and the first line says %s", root, said))
	}
	if want := v.manifest.HashSummary.MerkleRoot; root != want {
		checks = append(checks, failure(checkRoot, fault.SnapshotRoot, "the root of the lines is %s, and the manifest says %s", root, want))
	}
	if len(checks) == before {
		checks = append(checks, passed(checkRoot, cmp.Or(v.manifest.HashSummary.MerkleRecipe, RecipeChecksums)+" "+root))
	}
	return checks
}
