// Command gendocs writes what is derived from the commands and from the table
// of reasons: man pages, shell completions, and the manual's pages of commands
// and reasons. Running it twice changes nothing.
//
// It is a program of its own so that the shipped binary does not carry the
// generators.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/stellaops/stella/internal/cli"
)

// owned are the directories in which every file is generated.
func owned() []string { return []string{"man", "completions", "docs/manual/commands"} }

func main() {
	root := flag.String("C", ".", "root of the repository")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	pages, err := generate(date())
	if err != nil {
		return err
	}
	for name, content := range pages {
		if err := write(filepath.Join(root, name), content); err != nil {
			return err
		}
	}
	stale, err := unknownFiles(root, pages)
	for _, name := range stale {
		err = errors.Join(err, os.Remove(filepath.Join(root, name)))
	}
	return err
}

// date is the date in the man pages: that of SOURCE_DATE_EPOCH, so that
// distributions can set theirs, or a fixed one.
func date() time.Time {
	if seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC()
	}
	return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
}

// generate returns every file by its slash-separated path below the root.
func generate(date time.Time) (map[string][]byte, error) {
	pages := make(map[string][]byte)
	root := cli.Command()
	for _, shell := range cli.Shells() {
		var script bytes.Buffer
		if err := cli.WriteCompletion(&script, root, shell); err != nil {
			return nil, err
		}
		pages["completions/"+completionName(shell)] = script.Bytes()
	}
	if err := commandPages(pages, root, date); err != nil {
		return nil, err
	}
	pages["docs/manual/reasons.md"] = reasonsPage()
	return pages, nil
}

func completionName(shell string) string {
	if shell == "powershell" {
		return "stella.ps1"
	}
	return "stella." + shell
}

// write leaves a file alone that is as it should be, for the sake of make.
func write(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

// unknownFiles returns the files in the owned directories that are not among
// pages: those of commands that are gone.
func unknownFiles(root string, pages map[string][]byte) ([]string, error) {
	var stale []string
	for _, dir := range owned() {
		err := fs.WalkDir(os.DirFS(root), dir, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && pages[name] == nil {
				stale = append(stale, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return stale, nil
}
