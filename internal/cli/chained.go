package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ui"
)

// chainedFile is a file of chained records, as its user knows it.
type chainedFile struct {
	kind *chain.Kind
	// name is what flags and messages call it, such as "log", and show the command that
	// prints its checkpoint and key.
	name, show string
}

// checkpointFlags say what such a file is held to.
type checkpointFlags struct {
	file            chainedFile
	checkpoint, key string
}

func (f *checkpointFlags) register(cmd *cobra.Command, file chainedFile) {
	f.file = file
	cmd.Flags().StringVar(&f.checkpoint, "checkpoint", "", "hold the "+file.name+" to the checkpoint in `FILE`, which was kept elsewhere")
	cmd.Flags().StringVar(&f.key, "key", "", "verify checkpoints with the verifier key in `FILE`, as "+file.show+" --public-key printed it")
}

// open returns the checkpoint that was kept and the one beside the file at path. A
// signature that does not verify is a problem of the file, and no failure to judge it.
func (f *checkpointFlags) open(s *session, path string) (list []chain.Compared, problem error, err error) {
	key, err := f.verifierKey(s, path)
	if fault.ReasonOf(err) == fault.InputNotFound && f.key == "" && f.checkpoint == "" {
		return nil, nil, nil // neither key nor checkpoint was asked for, and there is none
	}
	if err != nil {
		return nil, nil, err
	}
	if f.checkpoint != "" {
		text, err := readShort(s, f.checkpoint, chain.MaxCheckpoint)
		if err != nil {
			return nil, nil, err
		}
		c, err := f.file.kind.Open(text, key)
		if err != nil {
			return nil, nil, f.refused(err)
		}
		list = append(list, chain.NewCompared(c, f.checkpoint, true))
	}
	text, err := f.file.kind.NewestCheckpoint(path)
	if fault.ReasonOf(err) == fault.InputNotFound {
		return list, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := f.file.kind.Open(text, key)
	if err != nil {
		return list, err, nil
	}
	return append(list, chain.NewCompared(c, "the checkpoint beside the "+f.file.name, false)), nil, nil
}

// refused says which file holds no checkpoint that can be used.
func (f *checkpointFlags) refused(err error) error {
	out := fault.Wrap(fault.ReasonOf(err), err, "%s", input.Display(f.checkpoint)).With("path", f.checkpoint)
	if out.Reason == f.file.kind.Malformed {
		return out.WithHint("it is what %s --checkpoint printed", f.file.show)
	}
	return out
}

// verifierKey reads the key that was given, else the one beside the file at path.
func (f *checkpointFlags) verifierKey(s *session, path string) (key string, err error) {
	name := f.key
	if name == "" {
		name = path + chain.PubSuffix
		key, err = f.file.kind.VerifierKey(path)
	} else {
		var text []byte
		text, err = readShort(s, name, chain.MaxCheckpoint)
		key = string(text)
	}
	if err != nil {
		return "", err
	}
	if err := f.file.kind.CheckVerifierKey(key); err != nil {
		return "", fault.Wrap(fault.ReasonOf(err), err, "%s", input.Display(name)).With("path", name)
	}
	return key, nil
}

func readShort(s *session, name string, limit int64) ([]byte, error) {
	f, err := input.Open(name, s.Stdin, limit)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadAll()
}

// chainStanding is what verifying such a file came to.
type chainStanding struct {
	Verified bool         `json:"verified"`
	Exit     int          `json:"exit"`
	Reason   fault.Reason `json:"reason,omitempty"`
	// Anchored is up to which record a checkpoint kept elsewhere covers the file.
	Anchored uint64 `json:"anchored"`
}

// newChainStanding takes what a report says, and what is wrong with it.
func newChainStanding(anchored uint64, err error) chainStanding {
	if err == nil {
		return chainStanding{Verified: true, Anchored: anchored}
	}
	reason := fault.ReasonOf(err)
	return chainStanding{Exit: reason.Exit(), Reason: reason, Anchored: anchored}
}

// tail says how far a checkpoint kept elsewhere vouches for a file of so many records.
func (v *chainStanding) tail(records uint64, record string) string {
	switch v.Anchored {
	case 0:
		return "not anchored: no checkpoint that was kept elsewhere was given (--checkpoint)"
	case records:
		return "anchored"
	}
	return fmt.Sprintf("anchored up to %s %d", record, v.Anchored)
}

// maxShownProblems bounds the problems in the text form; JSON has more.
const maxShownProblems = 10

// text prints the first problems of count, and the verdict.
func (v *chainStanding) text(p *ui.Printer, problems []string, count int) {
	for _, problem := range problems[:min(len(problems), maxShownProblems)] {
		p.Status(ui.Failed, ui.T(problem))
	}
	if count > maxShownProblems {
		p.Line(ui.T(fmt.Sprintf("and %d more", count-maxShownProblems)))
	}
	switch {
	case !v.Verified:
		p.Status(ui.Failed, ui.Styled(ui.Bad, "not verified"), ui.T(fmt.Sprintf(": %s (exit %d)", v.Reason, v.Exit)))
	case v.Anchored == 0:
		p.Status(ui.Passed, ui.Styled(ui.Good, "verified"), ui.T(", but tail not anchored"))
	default:
		p.Status(ui.Passed, ui.Styled(ui.Good, "verified"))
	}
}
