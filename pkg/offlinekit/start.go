package offlinekit

import (
	"crypto"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/pkg/dsse"
)

// SignerKey is a key that signs the statement of a kit when it is built.
type SignerKey struct {
	KeyID  string
	Scheme dsse.Scheme
}

// section is a part of START-HERE: what to do, and the commands for it.
type section struct {
	Title  string
	Blocks []block
}

// block is a paragraph, and the lines of commands that follow it.
type block struct {
	Text  string
	Lines []string
}

// addStart writes both forms of START-HERE.
func (b *Build) addStart(m *Manifest, signers []SignerKey) error {
	title := fmt.Sprintf("Offline kit %s, channel %s, version %d", m.Name, m.Channel, m.Version)
	if m.Label != "" {
		title += fmt.Sprintf(" (%s)", m.Label)
	}
	sections := []section{b.contents(m), stockCheck(signers), b.useStella(), smallMedia(m)}
	if err := b.addBytes(startText, startText, renderText(title, sections)); err != nil {
		return err
	}
	page, err := renderPage(title, sections)
	if err != nil {
		return err
	}
	return b.addBytes(startPage, startPage, page)
}

// contents says what is in the kit.
func (b *Build) contents(m *Manifest) section {
	var lines []string
	for _, c := range []struct {
		n    int
		what string
	}{
		{b.counts.Trust, "files of trust in trust/"}, {b.counts.Evidence, "files of evidence in payload/evidence/"},
		{b.counts.Images, "images and attachments of images in oci/"}, {b.counts.SBOMs, "SBOMs in payload/sboms/"},
		{b.counts.Reports, "reports in payload/reports/"}, {b.counts.Policies, "policies in payload/policies/"},
		{b.counts.Documents, "documents in payload/documents/"}, {b.counts.Binaries, "builds of stella in bin/"},
	} {
		if c.n > 0 {
			lines = append(lines, fmt.Sprintf("%6d  %s", c.n, c.what))
		}
	}
	return section{"What this is", []block{{
		"This kit was built at " + m.CreatedAt.Format(time.RFC3339) + ". manifest.json lists every file with its SHA-256, and statement.dsse.json is a signed statement about that list. It holds:", lines,
	}}}
}

// stockCheck is how to check the kit, and the stella in it, before that runs.
func stockCheck(signers []SignerKey) section {
	known := block{Text: "Get the public key of who built the kit in another way than with the kit, and put it beside this directory as builder.pub. This kit was not signed yet when this page was written."}
	if len(signers) > 0 {
		known.Text = "Get the public key of who built the kit in another way than with the kit, and put it beside this directory as builder.pub. When the kit was built it was signed by the following keys; others may have signed since:"
		for _, k := range signers {
			known.Lines = append(known.Lines, k.KeyID+"  "+k.Scheme.Name)
		}
	}
	blocks := []block{
		{"Do this in the directory of this file, with programs of your own system. Nothing of the kit runs. First, every file is what the list of checksums says:", []string{"sha256sum --check --strict --quiet checksums.txt"}},
		known,
	}
	if cosignKnows(signers) {
		blocks = append(blocks, block{"Then the list is what the builder signed. With cosign:", []string{
			"cosign verify-blob-attestation --key ../builder.pub --signature statement.dsse.json \\",
			"    --type " + Format + " --insecure-ignore-tlog=true checksums.txt",
		}})
	}
	blocks = append(blocks, opensslCheck(signers)...)
	return section{"Check the kit before anything of it runs", append(blocks, block{
		Text: "If one of these commands fails, do not use the kit: get it anew, and ask who built it.",
	})}
}

// opensslCheck is the same check with openssl: the bytes that are signed are put
// together as DSSE says (https://github.com/secure-systems-lab/dsse, protocol.md). What
// the statement is about stands at its end, see intoto.NewMessage; looking for it anywhere
// would find it in the predicate of a statement of another type too.
func opensslCheck(signers []SignerKey) []block {
	lines := []string{
		`tmp=$(mktemp -d)`,
		`sed 's/.*"payload":"\([^"]*\)".*/\1/' statement.dsse.json | base64 -d > "$tmp/statement"`,
		fmt.Sprintf(`{ printf 'DSSEv1 %d %s %%d ' "$(wc -c < "$tmp/statement")"; cat "$tmp/statement"; } > "$tmp/signed"`, len(dsse.PayloadTypeInToto), dsse.PayloadTypeInToto),
		`grep -o '"sig":"[^"]*"' statement.dsse.json | cut -d '"' -f 4 | while read -r sig; do`,
		`  printf %s "$sig" | base64 -d > "$tmp/sig"`,
	}
	verbs := map[string]bool{}
	for _, k := range signers {
		verbs[opensslVerb(k.Scheme)] = true
	}
	if len(signers) == 0 {
		verbs[opensslVerb(dsse.Scheme{Hash: crypto.SHA256})] = true
	}
	for _, verb := range slices.Sorted(maps.Keys(verbs)) {
		lines = append(lines, "  "+verb)
	}
	lines = append(lines, "done")
	subjects := []string{
		`subject() { printf '{"digest":{"sha256":"%s"},"name":"%s"}' "$(sha256sum < $1 | cut -c 1-64)" $1; }`,
		`printf ',"predicateType":"` + Format + `","subject":[%s,%s]}' "$(subject manifest.json)" "$(subject checksums.txt)" > "$tmp/end"`,
		`tail -c "$(wc -c < "$tmp/end")" "$tmp/statement" | cmp - "$tmp/end" && echo "manifest.json and checksums.txt: OK"`,
	}
	return []block{
		{"Or with openssl, which must say once that a signature is verified:", lines},
		{"and the signed statement must be one about a kit, and about both files:", subjects},
	}
}

// cosignKnows reports whether cosign verifies what one of the keys signs, which it does
// not for P-384, ML-DSA and tokens. Nobody knows who will sign what is not signed yet.
func cosignKnows(signers []SignerKey) bool {
	return len(signers) == 0 || slices.ContainsFunc(signers, func(k SignerKey) bool {
		return k.Scheme.Name == "ecdsa-p256" || k.Scheme.Name == "ed25519" || strings.HasPrefix(k.Scheme.Name, "rsa-")
	})
}

// opensslVerb checks one signature.
func opensslVerb(s dsse.Scheme) string {
	if s.Hash == 0 {
		return `openssl pkeyutl -verify -pubin -inkey ../builder.pub -rawin -in "$tmp/signed" -sigfile "$tmp/sig"`
	}
	name := strings.ToLower(strings.ReplaceAll(s.Hash.String(), "-", ""))
	return `openssl dgst -` + name + ` -verify ../builder.pub -signature "$tmp/sig" "$tmp/signed"`
}

// useStella is what to do with the kit.
func (b *Build) useStella() section {
	stella := "stella"
	var blocks []block
	if n := len(b.plan.Binaries); n > 0 {
		var lines []string
		for _, platform := range slices.Sorted(maps.Keys(b.plan.Binaries)) {
			name, _ := binaryName(platform) // was checked
			lines = append(lines, binDir+name)
		}
		stella = "./" + lines[0]
		blocks = append(blocks, block{"The checksums cover the stella in this kit. Take the one for your system:", lines})
	}
	verify := stella + " offline-kit verify . --key ../builder.pub"
	blocks = append(blocks, block{"Check everything, and see which of the evidence can be verified with what is in the kit:", []string{verify}})
	evidence := "payload/evidence"
	if b.counts.Trust > 0 {
		blocks = append(blocks, block{
			"Once on each machine, begin with the trust of its publisher. They tell you the SHA-256 of the first root in another way than with the kit:",
			[]string{stella + " trust init --root trust/metadata/1.root.json --root-sha256 HEX"},
		}, block{
			"Then, with this kit and each that follows, import it: its trust is taken over, and it becomes the active kit of its channel, whole or not at all:",
			[]string{stella + " offline-kit import . --channel " + b.plan.Channel},
		})
		evidence = fmt.Sprintf(`"$(%s offline-kit status --channel %s --path)/%s"`, stella, b.plan.Channel, evidence)
	}
	if b.counts.Evidence > 0 {
		blocks = append(blocks, block{"Verify the evidence. Name what it must be about with --subject:", []string{stella + " verify " + evidence}})
	}
	return section{"Use it", blocks}
}

// smallMedia is how a kit travels in parts.
func smallMedia(m *Manifest) section {
	name := fmt.Sprintf("%s-%s-%d.tar.zst", m.Name, m.Channel, m.Version)
	return section{"Small media", []block{
		{"An archive that is too large for one medium, or for its file system, is cut into parts:", []string{"split -b 3900M " + name + " " + name + ".part-"}},
		{"All parts together, in their order, are the archive again. It can be checked without being put together:", []string{
			"cat " + name + ".part-* | stella offline-kit verify - --key builder.pub",
			"cat " + name + ".part-* > " + name,
		}},
	}}
}

// renderText is START-HERE.txt.
func renderText(title string, sections []section) []byte {
	var b strings.Builder
	b.WriteString(title + "\n" + strings.Repeat("=", len([]rune(title))) + "\n")
	for i, s := range sections {
		fmt.Fprintf(&b, "\n%d. %s\n\n", i+1, s.Title)
		for _, block := range s.Blocks {
			b.WriteString(wrap(block.Text) + "\n")
			for _, line := range block.Lines {
				b.WriteString("    " + line + "\n")
			}
			if len(block.Lines) > 0 {
				b.WriteString("\n")
			}
		}
	}
	return []byte(b.String())
}

// wrap breaks a paragraph between words.
func wrap(text string) string {
	const width = 78
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		if column > 0 && column+1+len(word) > width {
			b.WriteString("\n")
			column = 0
		}
		if column > 0 {
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String() + "\n"
}
