package offlinekit

import (
	"context"
	"io"
	"time"
)

// Where a kit carries what.
const (
	startText = "START-HERE.txt"
	startPage = "START-HERE.html"

	binDir       = "bin/"
	imagesDir    = "oci/"
	documentsDir = "payload/documents/"
	evidenceDir  = "payload/evidence/"
	policiesDir  = "payload/policies/"
	reportsDir   = "payload/reports/"
	sbomsDir     = "payload/sboms/"
)

// Plan says what a kit is to be made of. Its paths are those of files or directories,
// of which everything is taken.
type Plan struct {
	Name, Channel string
	Version       int64
	Label         string
	CreatedAt     time.Time

	// Trust is an export of a trust bundle, a directory or archive; empty for none.
	Trust string
	// Evidence is what stella verify reads; beside it may lie a trusted_root.jsonl.
	Evidence  []string
	SBOMs     []string
	Reports   []string
	Policies  []string
	Documents []string
	// Images are OCI layouts, as directories or tar archives.
	Images []string
	// Binaries are programs, by platforms such as "linux/amd64".
	Binaries map[string]string

	// CheckPolicy judges the text of a policy, also of the one in the trust.
	CheckPolicy func(text []byte, source string) error
}

// source is where the content of an entry comes from.
type source struct {
	open func() (io.ReadCloser, error)
	from string // for messages
}

// Build is a kit that is being made. It is not safe for concurrent use. Close it.
type Build struct {
	ctx     context.Context
	plan    *Plan
	entries []Entry
	sources map[string]source
	counts  Counts
	closers []io.Closer
}

// Counts says how many files of each kind there are.
type Counts struct {
	Trust     int `json:"trust"`
	Evidence  int `json:"evidence"`
	SBOMs     int `json:"sboms"`
	Reports   int `json:"reports"`
	Policies  int `json:"policies"`
	Documents int `json:"documents"`
	// Images are entries of the index: images, and what refers to them.
	Images   int `json:"images"`
	Binaries int `json:"binaries"`
}
