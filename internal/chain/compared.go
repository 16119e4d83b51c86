package chain

import "fmt"

// Compared is a checkpoint that a file was held to.
type Compared struct {
	Checkpoint `json:"-"`
	// Source says for people where it came from.
	Source string `json:"source"`
	Origin string `json:"origin"`
	Size   uint64 `json:"size"`
	// Anchored says that the checkpoint was kept apart from the file: up to it
	// nobody who can write the file can have changed anything.
	Anchored bool `json:"anchored"`
	Agrees   bool `json:"agrees"`
}

// NewCompared returns a checkpoint to hold a file to.
func NewCompared(c *Checkpoint, source string, anchored bool) Compared {
	return Compared{Checkpoint: *c, Source: source, Origin: c.Origin, Size: c.Head.Size, Anchored: anchored}
}

// Meet notes the checkpoints that head is the head of.
func Meet(list []Compared, head Head) {
	for i := range list {
		if c := &list[i]; c.Head == head {
			c.Agrees = true
		}
	}
}

// problem says what is wrong with a file that ends in head and was met with all its heads
// before; "" if it is what the checkpoint was made over.
func (c *Compared) problem(k *Kind, head Head) string {
	switch {
	case c.Head == Head{}:
		c.Agrees = true
	case c.Agrees:
	case c.Size > head.Size:
		return fmt.Sprintf("%ss are missing at the end: the checkpoint of %s has %d, and the %s ends with %d", k.Record, c.Source, c.Size, k.File, head.Size)
	default:
		return fmt.Sprintf("the %s was rewritten up to %s %d: it is not what the checkpoint of %s was made over", k.File, k.Record, c.Size, c.Source)
	}
	return ""
}
