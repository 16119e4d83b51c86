package pages

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParse(t *testing.T) {
	page := "text\n\n    $ stella indented\n\n```console\n$ one --flag \\\n    value\nwhat it prints\n$ two  # exit 3\n```\n" +
		"```sh\n$ a file\n```\n```console\n$ three  # a remark\n$ four  # exit soon\n```\n"
	assert.Equal(t, []Command{
		{"one --flag      value", 0}, {"two", 3}, {"three  # a remark", 0}, {"four", -1},
	}, Parse(page))
	assert.Empty(t, Parse("no session"))
}

func TestEveryPageIsListedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Runners() {
		assert.False(t, seen[r.Page], r.Page)
		seen[r.Page] = true
		assert.Contains(t, By(r.Package), r.Page)
	}
	for _, e := range NotRun() {
		assert.True(t, isNotRun(e.Page, e.Line))
		assert.False(t, isNotRun(e.Page, e.Line+" "))
	}
}
