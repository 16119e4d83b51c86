package forensic

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/pkg/verify"
)

// VerifyOptions say what is demanded of a snapshot.
type VerifyOptions struct {
	// Name is the snapshot's, for people.
	Name string
	// Case is the case that it must be of; "" for any.
	Case string
	// Policy is what is demanded of the snapshot's signature and of every piece of
	// evidence in it. It names no subjects and no predicate type.
	Policy *verify.Policy
	// Threshold is how many distinct holders must have signed the snapshot itself, where
	// that is more than the policy demands of everything.
	Threshold int
	// Progress, if it is set, is told now and then how many entries were read.
	Progress func(entries int)
	// Observer, if it is set, is told what is in the snapshot.
	Observer Observer
}

// Verdict is what a verification came to, beside the results.
type Verdict struct {
	Manifest Manifest
	// Entries and Size are what was found of the entries that are listed.
	Entries int
	Size    int64
	// Whole is the verdict over all, without results.
	Whole *verify.Report
}

// Verify judges the members of a snapshot in one pass, in memory that does not grow
// with it: the manifest and its signature, every entry against manifest and
// checksums, the Merkle root, the timeline, every piece of signed evidence with its
// proofs, and what evidence says of other evidence. The sink gets all results, what
// is wrong with each part at the part's place; the order is always the same.
//
// The error is not the verdict: with one there is none, as for something that is no
// snapshot (fault.SnapshotMalformed), a void policy, or an end of ctx.
func Verify(ctx context.Context, members archive.Members, o VerifyOptions, to verify.Sink) (*Verdict, error) {
	policy := *o.Policy
	v := newVerification(ctx, members, &o)
	defer v.close()
	policy.BareByDigest = true // see references
	policy.Artifact, policy.Loose = v.aside.content, v.loose.find
	judge, err := verify.NewVerifier(&policy)
	if err != nil {
		return nil, err
	}
	v.to = to
	if err := v.head(); err != nil {
		return nil, err
	}
	inputs := gather.Members(o.Name, v.evidence, v.layouts.all())
	defer inputs.Close()
	whole, err := judge.Stream(ctx, signedInputs{inputs, v}, verify.StreamOptions{Together: true}, sink{v})
	if whole == nil {
		return nil, err
	}
	if err := v.finish(); err != nil {
		return nil, err
	}
	_ = v.conclusion.Conclude(whole) // the report has it
	whole.Compared = true            // with what the manifest lists
	return &Verdict{Manifest: *v.manifest, Entries: v.found, Size: v.size, Whole: whole}, nil
}

// verification is the state of one Verify. The fields of the first reading belong to
// whoever reads members: the caller of Verify until the stream begins, then the
// goroutine that the stream reads with, then the caller again.
type verification struct {
	ctx        context.Context
	o          *VerifyOptions
	in         io.Closer // of what is read; may be nil
	next       func() (archive.Member, error, bool)
	stop       func()
	pending    *archive.Member // to be read again
	to         verify.Sink
	conclusion verify.Conclusion
	waiting    findings
	failed     error // of the first reading

	manifestText *scratch
	manifest     *Manifest
	entriesAt    int64      // in the manifest
	signature    *signature // nil for none
	compare      func(a, b string) int

	joined     join
	found      int
	size       int64
	broken     bool // the archive ends early
	checkpoint []byte
	publicKey  []byte
	timeline   bool // was met
	layouts    layouts
	aside      aside
	loose      looseProofs
	noticed    bytes.Buffer // the member that is read
	hashers    hashers
	unsettled  queue
	references *references
	signed     bool // the signature's result was met
}

func (v *verification) close() {
	v.stop()
	v.joined.close() // before what it reads
	v.hashers.close()
	if v.in != nil {
		_ = v.in.Close() // only read
	}
	v.manifestText.close()
	v.waiting.spilt.close()
	v.layouts.shelf.close()
	v.aside.shelf.close()
	v.loose.shelf.close()
	v.references.close()
}

// member returns the next member, nil at the end.
func (v *verification) member() (*archive.Member, error) {
	if m := v.pending; m != nil {
		v.pending = nil
		return m, nil
	}
	m, err, ok := v.next()
	switch {
	case !ok:
		return nil, nil //nolint:nilnil // documented
	case err != nil:
		return nil, err
	}
	return &m, nil
}

// put has a result wait for its turn.
func (v *verification) put(r *verify.Result) error { return v.waiting.add(r) }

// hand gives a result to the sink.
func (v *verification) hand(r *verify.Result) error {
	v.conclusion.Result(r)
	return v.to.Result(r)
}

// sink takes what becomes of the signed evidence. When the first result comes, all
// members were read.
type sink struct{ *verification }

var _ verify.Sink = sink{}

// Result implements verify.Sink.
func (s sink) Result(r *verify.Result) error {
	if s.failed != nil {
		return s.failed
	}
	signature := false
	for i := range r.Evidence {
		signature = signature || r.Evidence[i].Member == SignatureName
	}
	if signature && !s.signed {
		s.signed = true
		if err := s.judgeSignature(r); err != nil {
			return err
		}
		return s.hand(r)
	}
	if err := s.waiting.each(s.hand); err != nil {
		return err
	}
	s.loose.found(r)
	if err := s.references.claimed(r); err != nil {
		return err
	}
	return s.hand(r)
}

// Ignored implements verify.Sink. What is no evidence is an entry like others, but for
// what lies among the attestations, or belongs to an image.
func (s sink) Ignored(i *verify.Ignored) error {
	if sectionOf(i.Member) != sectionAttestations && i.Part == "" {
		return nil
	}
	s.conclusion.Ignored(i)
	return s.to.Ignored(i)
}

// finish gives on what is left when all evidence was judged.
func (v *verification) finish() error {
	if v.failed != nil {
		return v.failed
	}
	if !v.signed && v.signature == nil {
		r := v.result(SignatureName, 0, "signature", failure("signature", fault.SignatureMissing, "the snapshot has no %s behind its manifest", SignatureName))
		if err := v.hand(r); err != nil {
			return err
		}
	}
	if err := v.waiting.each(v.hand); err != nil {
		return err
	}
	if err := v.loose.judge(v); err != nil {
		return err
	}
	if n := v.layouts.over; n > 0 {
		check := failure("evidence", fault.InputTooLarge, "%d files of image layouts that may be evidence are too large, or beyond the %d that are looked at", n, maxLayoutFiles)
		if err := v.hand(v.result("", 0, "image layouts", check)); err != nil {
			return err
		}
	}
	return v.references.judge(v)
}

// stopped keeps the first error of the first reading, which ends it.
func (v *verification) stopped(err error) bool {
	if err == nil {
		return false
	}
	v.failed = errors.Join(v.failed, err)
	return true
}
