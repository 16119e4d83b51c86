package trust

import (
	"slices"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// all returns every target that a bundle is made of, each by the most trusted role
// that provides it, and the names of the others.
func (c *Client) all() (targets []target, unused []string, err error) {
	names, err := c.names()
	if err != nil {
		return nil, nil, err
	}
	sum := int64(0)
	for _, name := range names {
		if !uses(name) {
			unused = append(unused, name)
			continue
		}
		info, err := c.Find(name)
		if err != nil {
			return nil, nil, err
		}
		if info == nil {
			continue // a role lists it that nobody delegates it to
		}
		content, err := c.Target(name, info)
		if err != nil {
			return nil, nil, err
		}
		targets = append(targets, target{name, content})
		if sum += int64(len(content)); sum > MaxSum || len(targets) > MaxTargets {
			return nil, nil, fault.New(fault.InputTooLarge, "the trust has more than %d targets, or than %d bytes of them", MaxTargets, MaxSum)
		}
	}
	return targets, unused, nil
}

// names returns what any role lists, and the names that a role may provide whose
// list is split into bins, sorted.
func (c *Client) names() ([]string, error) {
	names := []string{trustedRootTarget, keysTarget, revocationsTarget, policyTarget, formatTarget}
	todo := []visit{{metadata.TARGETS, rootDelegator(c.root)}}
	visited := map[string]bool{}
	for len(todo) > 0 {
		v := todo[0]
		todo = todo[1:]
		if visited[v.role] {
			continue
		}
		if visited[v.role] = true; len(visited) > MaxRoles {
			return nil, fault.New(fault.TrustMalformed, "the trust delegates to more than %d roles", MaxRoles)
		}
		m, err := c.loadTargets(v.role, v.by)
		if err != nil {
			return nil, err
		}
		for name := range m.body.Targets {
			names = append(names, name)
		}
		if d := m.body.Delegations; d != nil {
			for i := range d.Roles {
				todo = append(todo, visit{d.Roles[i].Name, targetsDelegator(m)})
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// has reports whether an entry is that of a key.
func (c *Contents) has(keyID string) bool {
	for i := range c.Keys {
		if id, err := dsse.KeyID(c.Keys[i].Public); err == nil && id == keyID {
			return true
		}
	}
	return false
}
