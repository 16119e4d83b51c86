package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/stellaops/stella/internal/cli"
)

// commandPages adds the man page and the manual's page of cmd and of all
// commands under it.
func commandPages(pages map[string][]byte, cmd *cobra.Command, date time.Time) error {
	cmd.DisableAutoGenTag = true
	cmd.InitDefaultHelpFlag()
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	man, err := manPage(cmd, date)
	if err != nil {
		return err
	}
	pages["man/"+name+".1"] = man
	var markdown bytes.Buffer
	if err := doc.GenMarkdownCustom(cmd, &markdown, pageName); err != nil {
		return err
	}
	markdown.WriteString("\n### Exit status\n\n" + statusTable(cmd))
	pages["docs/manual/commands/"+name+".md"] = bytes.TrimLeft(markdown.Bytes(), "\n")
	for _, sub := range cmd.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if err := commandPages(pages, sub, date); err != nil {
			return err
		}
	}
	return nil
}

// pageName turns cobra's stella_keys_show.md into our stella-keys-show.md.
func pageName(link string) string { return strings.ReplaceAll(link, "_", "-") }

func manPage(cmd *cobra.Command, date time.Time) ([]byte, error) {
	var page bytes.Buffer
	header := &doc.GenManHeader{
		Title:   strings.ToUpper(strings.ReplaceAll(cmd.CommandPath(), " ", "-")),
		Section: "1",
		Date:    &date,
		Source:  "stella",
		Manual:  "stella manual",
	}
	if err := doc.GenMan(cmd, header, &page); err != nil {
		return nil, err
	}
	return beforeSeeAlso(page.Bytes(), statusSection(cmd)), nil
}

// beforeSeeAlso puts a section where man-pages(7) wants it.
func beforeSeeAlso(page []byte, section string) []byte {
	head, tail, found := bytes.Cut(page, []byte(".SH SEE ALSO"))
	out := append(bytes.Clone(head), section...)
	if found {
		out = append(append(out, ".SH SEE ALSO"...), tail...)
	}
	return out
}

func statusSection(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString(".SH EXIT STATUS\n")
	for _, s := range cli.Statuses(cmd) {
		fmt.Fprintf(&b, ".TP\n\\fB%d\\fP\n%s\n", s.Exit, s.Meaning)
	}
	return b.String()
}

func statusTable(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString("| status | meaning |\n| --- | --- |\n")
	for _, s := range cli.Statuses(cmd) {
		fmt.Fprintf(&b, "| %d | %s |\n", s.Exit, s.Meaning)
	}
	return b.String()
}
