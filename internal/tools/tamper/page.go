package main

import (
	"bytes"
	"fmt"
	"strings"
)

const pageHead = `# What is done to a snapshot on its way, and found

%d tamperings, by somebody who carries [a snapshot](formats/snapshot.md) and has no key, a key that nobody trusts, one that is trusted for something else, one that is revoked, or, in the
last rows, the very key that the snapshot is signed with. ` + "`make story`" + ` makes a snapshot on one machine, has each of them done to it by
[a program](../internal/tools/tamper/doc.go), and demands that ` + "`stella forensic verify`" + ` on another machine says exactly what stands here, at that place, and nothing besides.
The snapshot that nothing was done to, packed by the same program, verifies. A place is a member of the snapshot, or a line of one.

This page is made by ` + "`go generate ./internal/tools/tamper`" + `.

| name | what is done | exit | what the verifier says |
| --- | --- | --- | --- |
`

// page is docs/tamperings.md.
func page() []byte {
	var b bytes.Buffer
	all := tamperings()
	fmt.Fprintf(&b, pageHead, len(all))
	for _, t := range all {
		fmt.Fprintf(&b, "| `%s` | %s | %d | %s |\n", t.name, t.does, t.exit, t.wanted())
	}
	return b.Bytes()
}

// wanted is what a verifier has to say, reasons of one place together.
func (t tampering) wanted() string {
	var places []string
	at := make(map[string][]string)
	for _, f := range t.says {
		place := "`" + f.place + "`"
		if f.place == whole {
			place = "the snapshot"
		}
		if at[place] == nil {
			places = append(places, place)
		}
		at[place] = append(at[place], "`"+string(f.reason)+"`")
	}
	for i, place := range places {
		places[i] = place + ": " + strings.Join(at[place], ", ")
	}
	return strings.Join(places, "; ")
}
