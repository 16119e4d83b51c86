package verify

import (
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
)

// findBare names the artifact that the signature over bare bytes was verified with. No
// statement does, so the verdict says nowhere else what it is about.
func (j *judgement) findBare() error {
	if digest := j.result.Artifact; digest != "" {
		j.found = "the signature is over what has sha256:" + digest
		return nil
	}
	digest, err := bareDigest(&j.policy.Subjects[j.over], j.bare)
	if err != nil {
		return unjudged{err}
	}
	what := ""
	if matched, all := j.countArtifacts(); all > 1 {
		what = fmt.Sprintf("%d of %d demanded artifacts: ", matched, all)
	}
	j.found = "the signature is over " + what + j.bareName(digest)
	return nil
}

// bareName is the artifact's digest, and before it the names under which it was given.
func (j *judgement) bareName(digest string) string {
	var names []string
	for _, a := range slices.Sorted(maps.Keys(j.result.demanded)) {
		name := j.policy.Subjects[a].Name
		if quoted := strconv.Quote(name); name != digest && !slices.Contains(names, quoted) {
			names = append(names, quoted)
		}
	}
	if len(names) == 0 {
		return digest
	}
	return join(names[:min(len(names), maxNamed)], len(names)) + " (" + digest + ")"
}

// bareDigest returns the digest of an artifact over whose bytes, m, a signature was
// verified: of the bytes where they are there, whatever was given as their digest, and
// else the digest with which it was verified.
func bareDigest(a *Artifact, m dsse.Message) (string, error) {
	if d, ok := m.(*digestOnly); ok {
		return d.asked, nil
	}
	if pinned, ok := a.Content.(*input.Pinned); ok {
		return "sha256:" + pinned.SHA256Hex(), nil // every reading of it is held to that
	}
	sum, err := m.Digest(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("failed to hash %q: %w", a.Name, err)
	}
	return "sha256:" + hex.EncodeToString(sum), nil
}

// blobMessage returns the artifact as a signature over bare bytes sees it.
func blobMessage(a *Artifact) dsse.Message {
	if a.Content != nil {
		return a.computed.blob
	}
	return &digestOnly{artifact: a}
}

// digestOnly is a blob of which only digests are known.
type digestOnly struct {
	artifact *Artifact
	asked    string // the digest that was asked for last, with its algorithm
}

func (d *digestOnly) PayloadType() string { return "" }
func (d *digestOnly) Size() int64         { return 0 }

func (d *digestOnly) WriteTo(io.Writer) (int64, error) {
	return 0, fault.New(fault.SubjectRequired, "this kind of key signs the artifact itself, and only its digest was given").
		WithHint("name the file: --subject FILE")
}

func (d *digestOnly) Digest(h crypto.Hash) ([]byte, error) {
	name := strings.ToLower(strings.ReplaceAll(h.String(), "-", ""))
	s, ok := d.artifact.Digest[name]
	if !ok {
		return nil, fault.New(fault.SubjectRequired, "this key signs a %s digest, and %q is known by another", h, d.artifact.Name).
			WithHint("name the file: --subject FILE")
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, errors.New("malformed digest")
	}
	d.asked = name + ":" + s
	return b, nil
}
