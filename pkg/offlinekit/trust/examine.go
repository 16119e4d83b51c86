package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// Examined is what a client finds in a repository that it trusts from its first root
// on: what an import would, by who began with that root.
type Examined struct {
	// RootSHA256 is the digest of the first root, in hex. That it is the right one
	// nobody has said.
	RootSHA256 string
	// Roles are the newest metadata.
	Roles []RoleStatus
	// Contents is what the trust says, and Trust its keys with all revocations.
	Contents *Contents
	Trust    *keys.Trust
	// Files are what the client read, with all roots: all that an import needs,
	// sorted.
	Files []File
}

// Expires returns the role whose metadata expires first.
func (e *Examined) Expires() RoleStatus {
	return slices.MinFunc(e.Roles, func(a, b RoleStatus) int { return a.Expires.Compare(b.Expires) })
}

// Examine goes through all that an import does, from the first root of the source on.
// checkPolicy judges a policy.yaml; nil accepts any. The errors are those of Client and
// of the readers of the targets.
func Examine(source Source, now time.Time, checkPolicy func(text []byte, source string) error) (*Examined, error) {
	r := &recorder{source: source, files: map[string][]byte{}}
	first, err := r.Metadata("1.root.json", MaxMetadata)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.TrustIncomplete, "%q is missing", "1.root.json").With("path", "1.root.json").WithHint("copy the whole export again")
	}
	if err != nil {
		return nil, err
	}
	c := &Client{Source: r, Store: &exported{first: first}, Now: now}
	_, contents, err := c.read("trust", checkPolicy)
	if err != nil {
		return nil, err
	}
	trusted, err := keys.NewTrust(revoke(contents.Keys, contents.Revocations)...)
	sum := sha256.Sum256(first)
	return &Examined{hex.EncodeToString(sum[:]), c.roles(), contents, trusted, r.list()}, err
}

// roles are the roles that were loaded.
func (c *Client) roles() []RoleStatus {
	status := func(h *head) RoleStatus { return RoleStatus{h.role, h.version, h.expires} }
	out := []RoleStatus{status(&c.root.head), status(&c.timestamp.head), status(&c.snapshot.head), status(&c.targets[metadata.TARGETS].head)}
	for _, role := range c.order {
		if role != metadata.TARGETS {
			out = append(out, status(&c.targets[role].head))
		}
	}
	return out
}

// recorder keeps what a client reads.
type recorder struct {
	source Source
	files  map[string][]byte
}

var _ Source = (*recorder)(nil)

// Metadata implements Source.
func (r *recorder) Metadata(name string, limit int64) ([]byte, error) {
	b, err := r.source.Metadata(name, limit)
	return r.keep(path.Join(metadataDir, name), b, err)
}

// Target implements Source.
func (r *recorder) Target(name string, limit int64) ([]byte, error) {
	b, err := r.source.Target(name, limit)
	return r.keep(path.Join(targetsDir, name), b, err)
}

// newestRoot lets a client say that a root is missing.
func (r *recorder) newestRoot() int64 {
	if lister, ok := r.source.(interface{ newestRoot() int64 }); ok {
		return lister.newestRoot()
	}
	return 0
}

func (r *recorder) keep(name string, b []byte, err error) ([]byte, error) {
	if err == nil {
		r.files[name] = b
	}
	return b, err
}

func (r *recorder) list() []File {
	var out []File
	for name, b := range r.files {
		out = append(out, File{name, b})
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// MemorySource returns the repository that files are, by their names as an export has
// them; it is called name in messages. What holds no trust is fault.TrustNotFound.
func MemorySource(name string, files map[string][]byte) (*FileSource, error) {
	s := &FileSource{name: name, files: memory(files)}
	return s, s.locate()
}
