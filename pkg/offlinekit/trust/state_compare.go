package trust

import (
	"iter"
	"slices"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// clone returns a copy that can be changed.
func (s *state) clone() *state {
	out := *s
	out.roots, out.newest = slices.Clone(s.roots), slices.Clone(s.newest)
	out.revocations, out.history = slices.Clone(s.revocations), slices.Clone(s.history)
	return &out
}

// version returns the newest version of a role that was verified, 0 for none.
func (s *state) version(role string) int64 {
	if role == metadata.ROOT {
		return s.roots[len(s.roots)-1].version
	}
	for _, f := range s.newest {
		if f.name == role {
			return f.version
		}
	}
	return 0
}

// roles are the roles of which something was verified, in the order of TUF.
func (s *state) roles() []string {
	roles := []string{metadata.ROOT}
	for _, f := range s.newest {
		roles = append(roles, f.name)
	}
	return roles
}

// changes lists the roles whose newest version differs.
func changes(before, after *state) []Change {
	var out []Change
	for _, role := range after.roles() {
		if from, to := before.version(role), after.version(role); from != to {
			out = append(out, Change{role, from, to})
		}
	}
	return out
}

// equal reports whether two imports brought the same.
func (a *activeState) equal(o *activeState) bool {
	return a != nil && a.root == o.root && slices.Equal(a.metadata, o.metadata) &&
		slices.Equal(a.targets, o.targets) && slices.Equal(a.carried, o.carried)
}

func joined(names []string) string {
	const most = 8
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "...")
	}
	return strings.Join(names, ", ")
}

func sorted(names iter.Seq[string]) []string { return slices.Sorted(names) }
