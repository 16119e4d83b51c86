package offlinekit

import (
	"fmt"

	"github.com/stellaops/stella/internal/fault"
)

// Finding is one thing that is wrong with a kit. Its strings come from the kit: they
// are hostile.
type Finding struct {
	// Reason is fault.KitMismatch, KitIncomplete, KitUnlisted, KitMalformed or
	// ArchiveMalformed.
	Reason fault.Reason `json:"reason"`
	File   string       `json:"file"`
	// Expected is what the manifest says and Found what is there, where both can be
	// said.
	Expected string `json:"expected,omitzero"`
	Found    string `json:"found,omitzero"`
}

// String returns a sentence without a full stop.
func (f *Finding) String() string {
	switch {
	case f.Reason == fault.KitIncomplete:
		return fmt.Sprintf("%q is missing", f.File)
	case f.Reason == fault.KitUnlisted:
		return fmt.Sprintf("%q is not in the manifest", f.File)
	case f.Expected != "":
		return fmt.Sprintf("%q is %s, not %s", f.File, f.Found, f.Expected)
	}
	return fmt.Sprintf("%q: %s", f.File, f.Found)
}

// Contents is what Read found.
type Contents struct {
	*Header
	// Findings are what is wrong, in the order of the kit, and More how many there are
	// beyond MaxFindings.
	Findings []Finding
	More     int
	// worst is that of the exit statuses of all findings that counts.
	worst int
}

func (c *Contents) find(f Finding) {
	if c.worst == 0 {
		c.worst = f.Reason.Exit()
	}
	c.worst = fault.Worst(c.worst, f.Reason.Exit())
	if len(c.Findings) == MaxFindings {
		c.More++
		return
	}
	c.Findings = append(c.Findings, f)
}

// err returns an error if there are findings. Its reason is that of the worst, as the
// exit statuses are ordered.
func (c *Contents) err() error {
	if len(c.Findings) == 0 {
		return nil
	}
	worst := &c.Findings[0]
	for i := range c.Findings {
		if f := &c.Findings[i]; f.Reason.Exit() == c.worst {
			worst = f
			break
		}
	}
	err := fault.New(worst.Reason, "%s", worst)
	if n := len(c.Findings) + c.More - 1; n > 0 {
		err.Message = fmt.Sprintf("the kit is not what its manifest says: %s; and %d more", worst, n)
	}
	return err.WithHint("copy the kit anew from where it came, and check it there with offline-kit verify").With("file", worst.File).With("expected", worst.Expected).With("found", worst.Found)
}
