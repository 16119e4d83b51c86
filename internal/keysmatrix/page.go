package keysmatrix

import (
	"errors"
	"fmt"
	"strings"
)

// head is what stands above the table.
const head = `# Keys: what signs, and who verifies it

Each cell was produced by a run of the program at the head of its column over
evidence that the key of its row had just signed. **yes** means exit status 0,
**no** that the program refused. The commands, the exit statuses and the hashes
of the evidence are kept in [keys-matrix.jsonl](keys-matrix.jsonl).

Made by ` + "`make keys-matrix`" + `; do not edit.

`

// Page returns docs/keys.md for the cells. A cell that was not run is an error:
// the table has no gaps.
func Page(cells []Cell) (string, error) {
	if len(cells) == 0 {
		return "", errors.New("no run at all")
	}
	var b strings.Builder
	b.WriteString(head)
	fmt.Fprintf(&b, "| key | algorithm | %s |\n", strings.Join(Verifiers(), " | "))
	b.WriteString("| --- | --- |" + strings.Repeat(" --- |", len(Verifiers())) + "\n")
	for _, r := range rows(cells) {
		fmt.Fprintf(&b, "| %s | %s |", r.driver, r.algorithm)
		for _, verifier := range Verifiers() {
			c, ok := find(cells, r, verifier)
			if !ok {
				return "", fmt.Errorf("no run of %s for %s with %s", verifier, r.driver, r.algorithm)
			}
			fmt.Fprintf(&b, " %s |", word(c))
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}

func find(cells []Cell, r row, verifier string) (Cell, bool) {
	for _, c := range cells {
		if c.Driver == r.driver && c.Algorithm == r.algorithm && c.Verifier == verifier {
			return c, true
		}
	}
	return Cell{}, false
}

func word(c Cell) string {
	if c.Verifies() {
		return "yes"
	}
	return "no"
}
