package cli

import (
	"bufio"
	"bytes"
	"context"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/verify"
)

// proofHead is how much of a file tells that it is a proof, in bytes.
const proofHead = 512

// openProof returns the proof that name is, or nil for anything else: a snapshot is
// opened by who reads it. What is taken from standard input for that is put back.
func openProof(s *session, name string) (*forensic.Proof, error) {
	var head []byte
	if name == "-" {
		in := bufio.NewReaderSize(s.Stdin, proofHead)
		head, _ = in.Peek(1)
		if bytes.HasPrefix(head, []byte("{")) {
			head, _ = in.Peek(proofHead)
		}
		s.Stdin = in
	} else {
		f, err := input.OpenPlain(name)
		if err != nil {
			return nil, nil //nolint:nilerr,nilnil // who reads the snapshot says what is wrong
		}
		defer f.Close()
		head = make([]byte, min(f.Size(), proofHead))
		if _, err := f.ReadAt(head, 0); err != nil {
			return nil, nil //nolint:nilerr,nilnil // likewise
		}
	}
	if !forensic.IsProof(head) {
		return nil, nil //nolint:nilnil // documented
	}
	text, err := readShort(s, name, forensic.MaxProof)
	if err != nil {
		return nil, err
	}
	return forensic.ParseProof(text)
}

// judgeProof verifies a proof.
func (o *forensicVerifyOptions) judgeProof(ctx context.Context, s *session, policy *verify.Policy, name string, p *forensic.Proof) error {
	closers := &closeList{}
	defer closers.close()
	artifact, err := o.artifact(s, closers)
	if err != nil {
		return err
	}
	var reservations []string
	if artifact == nil {
		reservations = append(reservations, "not compared with any artifact")
	}
	to, err := o.verify.rendering.openDocument(document{
		ctx: ctx, s: s, inputs: []string{name}, named: "1 proof", reservations: reservations,
		json: newObject(nil, p),
	})
	if err != nil {
		return err
	}
	defer to.Abort()
	whole, err := forensic.VerifyProof(ctx, p, forensic.VerifyOptions{Name: name, Case: o.caseID, Policy: policy, Threshold: o.threshold}, artifact, to)
	if err != nil {
		return err
	}
	whole.Time.Source = timeSource(o.verify.at)
	whole.Profile.Standing = standing(whole.Profile.Name, version.Module())
	if err := to.Close(whole); err != nil {
		return err
	}
	return settled(whole.Exit)
}

// artifact returns what the entry of a proof must be; nil for nothing.
func (o *forensicVerifyOptions) artifact(s *session, closers *closeList) (*verify.Artifact, error) {
	list, err := openArtifacts(s, o.subject, closers)
	switch {
	case err != nil || len(list) == 0:
		return nil, err
	case len(list) > 1:
		return nil, fault.New(fault.UsageInvalid, "a proof is about one entry, and --subject was given %d times", len(list))
	}
	return &list[0], nil
}
