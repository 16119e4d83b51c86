package offlinekit

import (
	"cmp"
	"context"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

// SoonDays is how many days before it expires trust is said to expire soon: a medium
// may be on its way for that long.
const SoonDays = 14

// CheckOptions say how a kit is checked.
type CheckOptions struct {
	// Policy is what is demanded of the statement; nil verifies nobody's signature, and
	// the verdict says so.
	Policy *verify.Policy
	// Now is the time by which the trust in the kit must not have expired.
	Now time.Time
	// CheckPolicy judges a policy.yaml in the trust of the kit; nil accepts any.
	CheckPolicy func(text []byte, source string) error
	// Complete makes gaps a failure.
	Complete bool
}

// Check reads a kit once, and says whether it is what its builder signed, and what is
// missing for the evidence in it to be verified with nothing but the kit. The verdict is
// there whenever there is a manifest. The error is nil if and only if the signature (if
// it was asked for) is verified, every file is what the manifest says, and the trust in
// the kit can be imported.
//
// The errors: those of Read; fault.KitUnsigned, fault.KitStatement and the reasons of
// verdicts on evidence; those of trust.Examine; fault.KitGap.
func Check(ctx context.Context, source *Source, o CheckOptions) (*Verdict, error) {
	c := &checker{ctx: ctx, options: o, verdict: &Verdict{
		Schema: VerdictSchema, Signature: SignatureNotChecked, Findings: []Finding{}, Gaps: []Gap{},
	}}
	defer c.close()
	contents, err := Read(ctx, source, c)
	if c.verdict.Claims == nil {
		return nil, err
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if contents != nil {
		c.verdict.Findings = append(c.verdict.Findings, contents.Findings...)
		c.verdict.MoreFindings = contents.More
	}
	return c.verdict, c.conclude(err)
}

// checker is the Sink of Check.
type checker struct {
	ctx     context.Context
	options CheckOptions
	verdict *Verdict

	manifest *Manifest
	digests  map[string]bool // of all entries, in hex
	trust    TrustFiles
	judge    *judge // nil until the trust is read
	bad      error  // why the trust cannot be imported
	images   *images
}

var _ Sink = (*checker)(nil)

func (c *checker) close() {
	if c.images != nil {
		c.images.close()
	}
}

// Header implements Sink.
func (c *checker) Header(h *Header) error {
	m := h.Manifest
	c.manifest = m
	c.verdict.Claims = &Claims{m.Name, m.Channel, m.Version, m.Label, m.CreatedAt.UTC(), len(m.Entries), m.Bytes()}
	if c.options.Policy != nil {
		var err error
		if c.verdict.Statement, err = h.Verify(c.ctx, c.options.Policy); err != nil {
			c.verdict.Signature = SignatureFailed
			return err
		}
		c.verdict.Signature = SignatureVerified
	}
	c.digests = make(map[string]bool, len(m.Entries))
	for i := range m.Entries {
		c.digests[m.Entries[i].Digest()] = true
	}
	return nil
}

// Entry implements Sink.
func (c *checker) Entry(e *Entry, content io.Reader) error {
	if strings.HasPrefix(e.Name, TrustDir) {
		return c.trust.Add(e, content)
	}
	c.trusted()
	switch {
	case strings.HasPrefix(e.Name, evidenceDir):
		return c.evidence(e, content)
	case strings.HasPrefix(e.Name, imagesDir):
		if c.images == nil {
			c.images = newImages(c.manifest)
		}
		return c.images.add(e, content)
	}
	return nil
}

// trusted reads the trust once all of it is there. What is wrong with it hinders nobody
// from looking at the rest.
func (c *checker) trusted() {
	if c.judge != nil {
		return
	}
	found, err := c.trust.examine(&c.options)
	c.judge = newJudge(c.ctx, found, c.options.Now)
	switch {
	case err != nil:
		c.bad, c.judge.blind = err, true
		return
	case found == nil:
		c.verdict.gap(Gap{Kind: GapTrust, File: TrustDir, Message: "there is no trust in the kit", Add: "build it with --trust, so that what is revoked is known there"})
		return
	}
	c.verdict.Trust = &TrustFound{found.RootSHA256, found.Roles, len(found.Contents.Keys)}
	if first := found.Expires(); first.Expires.Before(c.options.Now.AddDate(0, 0, SoonDays)) {
		c.verdict.gap(Gap{
			Kind: GapTrust, File: TrustDir, Reason: fault.TrustExpired,
			Message: "its " + first.Role + " metadata expires at " + first.Expires.UTC().Format(time.RFC3339),
			Add:     "renew the trust before the kit leaves: stella trust publish sign --renew",
		})
	}
}

// evidence judges one file of evidence.
func (c *checker) evidence(e *Entry, content io.Reader) error {
	if IsTrustedRootName(e.Name[strings.LastIndexByte(e.Name, '/')+1:]) {
		return nil
	}
	if e.Size > input.MaxEvidence {
		o := &opinion{}
		o.unreadable(e.Name, fault.New(fault.InputTooLarge, "it has more than the limit of %d bytes", int64(input.MaxEvidence)))
		return c.take(o, nil) // nothing of it is kept
	}
	f, err := hold(e, content)
	if err != nil {
		return err
	}
	defer f.Close()
	return c.take(c.judge.file(f, c.digests))
}

// take takes what was found about evidence.
func (c *checker) take(o *opinion, err error) error {
	if err != nil {
		return err
	}
	c.verdict.Evidence.Pieces += o.pieces
	c.verdict.Evidence.Verifiable += o.verifiable
	for _, g := range o.gaps {
		c.verdict.gap(g)
	}
	return nil
}

// conclude fixes the verdict. failed is what reading failed with.
func (c *checker) conclude(failed error) error {
	v := c.verdict
	v.Whole = failed == nil
	if failed == nil {
		c.trusted()
		failed = c.bad
	}
	if v.Whole && c.images != nil {
		failed = cmp.Or(c.attached(), failed)
	}
	switch {
	case failed != nil:
		return v.fail(failed)
	case c.options.Complete && len(v.Gaps) > 0:
		return v.fail(fault.New(fault.KitGap, "%d things are missing for everything in the kit to be verified with it", len(v.Gaps)+v.MoreGaps).
			WithHint("add what the verdict names, and build the kit again"))
	}
	v.Verified = true
	return nil
}

// attached judges the images, and the evidence that is attached to them.
func (c *checker) attached() error {
	o, err := c.images.judge(c.judge, c.digests)
	if err := c.take(o, err); err != nil {
		return err
	}
	slices.SortStableFunc(c.verdict.Gaps, func(a, b Gap) int { return Compare(a.File, b.File) })
	return nil
}

// heldInMemory bounds a file that is judged from memory, in bytes. Others go to a
// temporary file.
const heldInMemory = 1 << 20

// hold keeps a file so that it can be read again.
func hold(e *Entry, content io.Reader) (*input.File, error) {
	if e.Size > heldInMemory {
		return input.Aside(e.Name, content, e.Size)
	}
	b, err := io.ReadAll(content)
	return input.FromBytes(e.Name, b), err
}

// digestHex is the hex of a digest "sha256:<hex>", or "".
func digestHex(digest string) string {
	rest, _ := strings.CutPrefix(digest, "sha256:")
	if b, err := hex.DecodeString(rest); err != nil || len(b) != 32 {
		return ""
	}
	return rest
}
