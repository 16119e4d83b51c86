package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
)

// visit is a role on the way to a target, and who delegates to it.
type visit struct {
	role string
	by   delegator
}

// Find returns what the most trusted role says of a target, or nil if none knows it.
// The roles are searched depth first, in the order in which they are delegated to
// (section 5.6.7). Refresh comes first.
func (c *Client) Find(target string) (*metadata.TargetFiles, error) {
	todo := []visit{{metadata.TARGETS, rootDelegator(c.root)}}
	visited := map[string]bool{}
	for len(todo) > 0 && len(visited) < MaxRoles {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if visited[v.role] {
			continue
		}
		visited[v.role] = true
		m, err := c.loadTargets(v.role, v.by)
		if err != nil {
			return nil, err
		}
		if t := m.body.Targets[target]; t != nil {
			return t, nil
		}
		next, ends := delegated(m, target)
		if ends {
			todo = nil
		}
		slices.Reverse(next)
		todo = append(todo, next...)
	}
	return nil, nil
}

// delegated returns the roles that m delegates a target to, up to the first that
// ends the search.
func delegated(m *signed[metadata.TargetsType], target string) (next []visit, ends bool) {
	d, by := m.body.Delegations, targetsDelegator(m)
	if d == nil {
		return nil, false
	}
	if d.SuccinctRoles != nil && d.Roles == nil {
		for _, r := range d.SuccinctRoles.GetRolesForTarget(target) {
			next = append(next, visit{r.Name, by})
		}
		return next, true
	}
	for i := range d.Roles {
		r := &d.Roles[i]
		if !mayProvide(r, target) {
			continue
		}
		next = append(next, visit{r.Name, by})
		if r.Terminating {
			return next, true
		}
	}
	return next, false
}

// mayProvide reports whether a role is delegated a target: a pattern matches it part
// by part, or a prefix the SHA-256 of its path in hex (section 4.5, "paths" and
// "path_hash_prefixes").
func mayProvide(r *metadata.DelegatedRole, target string) bool {
	sum := sha256.Sum256([]byte(target))
	for _, prefix := range r.PathHashPrefixes {
		if strings.HasPrefix(hex.EncodeToString(sum[:]), strings.ToLower(prefix)) {
			return true
		}
	}
	return slices.ContainsFunc(r.Paths, func(pattern string) bool {
		fits, err := path.Match(pattern, target) // its * matches no slash
		return err == nil && fits
	})
}

// Target returns the content of a target of which metadata says length and hashes.
func (c *Client) Target(name string, t *metadata.TargetFiles) ([]byte, error) {
	if t.Length > MaxTarget {
		return nil, tooLarge(name, MaxTarget)
	}
	file, err := c.targetFile(name, t)
	if err != nil {
		return nil, err
	}
	b, err := c.Source.Target(file, t.Length)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.TrustIncomplete, "target %q is missing: no %q", name, path.Join(targetsDir, file)).With("path", file).
			WithHint("copy the whole export again")
	case err != nil:
		return nil, err
	}
	return b, VerifyTarget(name, b, t)
}

// targetFile is where a repository keeps a target (section 5.7.3).
func (c *Client) targetFile(name string, t *metadata.TargetFiles) (string, error) {
	for _, algorithm := range []string{"sha256", "sha512"} {
		sum := t.Hashes[algorithm]
		if len(sum) == 0 {
			continue
		}
		if !c.root.body.ConsistentSnapshot {
			return name, nil
		}
		dir, base := path.Split(name)
		return dir + hex.EncodeToString(sum) + "." + base, nil
	}
	return "", fault.New(fault.TrustMalformed, "target %q has no hash that this program knows", name).With("path", name)
}

// VerifyTarget refuses content that is not what metadata says it is.
func VerifyTarget(name string, content []byte, t *metadata.TargetFiles) error {
	known := metadata.TargetFiles{Length: t.Length, Hashes: metadata.Hashes{}}
	for algorithm, sum := range t.Hashes {
		if algorithm == "sha256" || algorithm == "sha512" {
			known.Hashes[algorithm] = sum
		}
	}
	if known.VerifyLengthHashes(content) != nil {
		return mismatch(name, "length and hashes of the target are not those that metadata gives")
	}
	return nil
}
