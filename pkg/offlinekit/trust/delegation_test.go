package trust_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// delegated adds a role "team" to an export of version 2, which provides targets.
func (w *world) delegated(dir string, team holder, paths []string, targets map[string][]byte) {
	w.t.Helper()
	key, err := trust.NewKey(&team.trusted)
	require.NoError(w.t, err)
	m := readMeta(w.t, metadataFile(dir, "2.targets.json"))
	m.set("delegations", map[string]any{
		"keys":  map[string]any{team.tufID(w.t): key},
		"roles": []any{map[string]any{"name": "team", "keyids": []string{team.tufID(w.t)}, "threshold": 1, "terminating": false, "paths": paths}},
	}).write(w.t, metadataFile(dir, "2.targets.json"), w.online)
	list := map[string]any{}
	for name, content := range targets {
		list[name] = map[string]any{"length": len(content), "hashes": map[string]any{"sha256": digestOf(content)}}
		put(w.t, filepath.Join(dir, "targets", filepath.Dir(name), digestOf(content)+"."+filepath.Base(name)), content)
	}
	role := &meta{Signed: map[string]any{
		"_type": "targets", "spec_version": "1.0.31", "version": 1, "expires": in90Days(), "targets": list,
	}}
	role.write(w.t, metadataFile(dir, "1.team.json"), team)
	w.repoint(dir, 2, map[string]any{"targets.json": map[string]any{"version": 2}, "team.json": map[string]any{"version": 1}})
}

func teamKeys(t *testing.T, holders ...holder) []byte {
	t.Helper()
	list := make([]byte, 0)
	for _, h := range holders {
		b, err := keysJSON(h.trusted)
		require.NoError(t, err)
		list = b
	}
	return list
}

func TestDelegatedRoleProvidesWhatItMay(t *testing.T) {
	t.Parallel()
	w, dir := newStick(t)
	team, dev := newHolder(t, "team"), newHolder(t, "dev")
	w.delegated(dir, team, []string{"keys/team*"}, map[string][]byte{"keys/team.json": teamKeys(t, dev), "policy.yaml": []byte("not its own")})
	done := w.mustImport(dir)
	assert.Contains(t, done.Changes, trust.Change{Role: "team", From: 0, To: 1})
	a := w.mustOpen()
	assert.NotNil(t, a.Trust.Find(dev.Public()))
	assert.NotNil(t, a.Trust.Find(w.ci.Public()))
	assert.Nil(t, a.Policy, "a role provides no target that is not delegated to it")
}

func TestDelegatedRoleDoesNotReplaceATargetOfItsDelegator(t *testing.T) {
	t.Parallel()
	w, dir := newStick(t)
	team, dev := newHolder(t, "team"), newHolder(t, "dev")
	w.delegated(dir, team, []string{"*"}, map[string][]byte{"keys.json": teamKeys(t, dev)})
	w.mustImport(dir)
	a := w.mustOpen()
	assert.Nil(t, a.Trust.Find(dev.Public()))
	assert.NotNil(t, a.Trust.Find(w.ci.Public()))
}

func TestDelegatedRoleByTheWrongKey(t *testing.T) {
	t.Parallel()
	w, dir := newStick(t)
	team := newHolder(t, "team")
	w.delegated(dir, team, []string{"keys/*"}, map[string][]byte{"keys/team.json": teamKeys(t, newHolder(t, "dev"))})
	readMeta(t, metadataFile(dir, "1.team.json")).write(t, metadataFile(dir, "1.team.json"), w.online)
	w.refused(dir, fault.TrustSignature, "team version 1", "targets version 2 demands")
}

func TestMoreRolesThanAreVisited(t *testing.T) {
	t.Parallel()
	w, dir := newStick(t)
	team := newHolder(t, "team")
	key, err := trust.NewKey(&team.trusted)
	require.NoError(t, err)
	roles, snapshot := []any{}, map[string]any{"targets.json": map[string]any{"version": 2}}
	for i := range trust.MaxRoles {
		name := fmt.Sprintf("role%d", i)
		roles = append(roles, map[string]any{"name": name, "keyids": []string{team.tufID(t)}, "threshold": 1, "terminating": false, "paths": []string{"*"}})
		snapshot[name+".json"] = map[string]any{"version": 1}
		(&meta{Signed: map[string]any{"_type": "targets", "spec_version": "1.0.31", "version": 1, "expires": in90Days(), "targets": map[string]any{}}}).
			write(t, metadataFile(dir, "1."+name+".json"), team)
	}
	readMeta(t, metadataFile(dir, "2.targets.json")).
		set("delegations", map[string]any{"keys": map[string]any{team.tufID(t): key}, "roles": roles}).
		write(t, metadataFile(dir, "2.targets.json"), w.online)
	w.repoint(dir, 2, snapshot)
	w.refused(dir, fault.TrustMalformed, "delegates to more than 32 roles")
}

// delegationTo is a delegation of paths to a role that one key signs for.
func delegationTo(t *testing.T, role string, by holder, paths ...string) map[string]any {
	t.Helper()
	key, err := trust.NewKey(&by.trusted)
	require.NoError(t, err)
	return map[string]any{
		"keys":  map[string]any{by.tufID(t): key},
		"roles": []any{map[string]any{"name": role, "keyids": []string{by.tufID(t)}, "threshold": 1, "terminating": false, "paths": paths}},
	}
}

// A role that was found good on the word of one delegator is asked about again by the
// next, who may trust other keys.
func TestRoleIsHeldToEachDelegatorInOneUpdate(t *testing.T) {
	w, dir := newStick(t)
	team, other := newHolder(t, "team"), newHolder(t, "other")
	role := func(name string, delegations map[string]any) {
		m := &meta{Signed: map[string]any{"_type": "targets", "spec_version": "1.0.31", "version": 1, "expires": in90Days(), "targets": map[string]any{}}}
		if delegations != nil {
			m.set("delegations", delegations)
		} else {
			hashes := map[string]any{"sha256": digestOf(nil)}
			m.set("targets", map[string]any{"a1": map[string]any{"length": 0, "hashes": hashes}, "b1": map[string]any{"length": 0, "hashes": hashes}})
		}
		m.write(t, metadataFile(dir, "1."+name+".json"), team)
	}
	role("A", delegationTo(t, "C", team, "*"))
	role("B", delegationTo(t, "C", other, "*"))
	role("C", nil)
	both, b := delegationTo(t, "A", team, "a*"), delegationTo(t, "B", team, "b*")
	both["roles"] = append(both["roles"].([]any), b["roles"].([]any)...)
	readMeta(t, metadataFile(dir, "2.targets.json")).set("delegations", both).write(t, metadataFile(dir, "2.targets.json"), w.online)
	one := map[string]any{"version": 1}
	w.repoint(dir, 2, map[string]any{"targets.json": map[string]any{"version": 2}, "A.json": one, "B.json": one, "C.json": one})

	c := &trust.Client{Source: repositoryOf(t, dir), Store: kept{"root": read(t, metadataFile(dir, "1.root.json"))}, Now: w.now}
	require.NoError(t, c.Refresh())
	info, err := c.Find("a1")
	require.NoError(t, err)
	require.NotNil(t, info)
	_, err = c.Find("b1")
	requireReason(t, fault.TrustSignature, err)
}

// tree publishes roles that one key signs for, below the targets of version 2. Each is
// delegated paths by another, and provides what it says of targets.
func (w *world) tree(dir string, by holder, roles ...branch) {
	w.t.Helper()
	of, snapshot := map[string]any{}, map[string]any{"targets.json": map[string]any{"version": 2}}
	for _, r := range roles {
		d := delegationTo(w.t, r.name, by, r.paths...)
		d["roles"].([]any)[0].(map[string]any)["terminating"] = r.terminating
		if have, _ := of[r.from].(map[string]any); have != nil {
			have["roles"] = append(have["roles"].([]any), d["roles"].([]any)...)
		} else {
			of[r.from] = d
		}
	}
	for _, r := range roles {
		list := map[string]any{}
		for name, content := range r.targets {
			list[name] = map[string]any{"length": len(content), "hashes": map[string]any{"sha256": digestOf(content)}}
			put(w.t, filepath.Join(dir, "targets", filepath.Dir(name), digestOf(content)+"."+filepath.Base(name)), content)
		}
		m := &meta{Signed: map[string]any{"_type": "targets", "spec_version": "1.0.31", "version": 1, "expires": in90Days(), "targets": list}}
		if of[r.name] != nil {
			m.set("delegations", of[r.name])
		}
		m.write(w.t, metadataFile(dir, "1."+r.name+".json"), by)
		snapshot[r.name+".json"] = map[string]any{"version": 1}
	}
	readMeta(w.t, metadataFile(dir, "2.targets.json")).set("delegations", of["targets"]).write(w.t, metadataFile(dir, "2.targets.json"), w.online)
	w.repoint(dir, 2, snapshot)
}

// branch is a role of a tree.
type branch struct {
	from, name  string
	paths       []string
	terminating bool
	targets     map[string][]byte
}

// A role two steps away provides what every step on the way delegates, and no more.
func TestNestedDelegations(t *testing.T) {
	t.Parallel()
	w, dir := newStick(t)
	near, far, outside := newHolder(t, "near"), newHolder(t, "far"), newHolder(t, "outside")
	w.tree(dir, newHolder(t, "team"),
		branch{from: "targets", name: "division", paths: []string{"keys/a-*"}, targets: map[string][]byte{"keys/a-near.json": teamKeys(t, near)}},
		branch{from: "division", name: "team", paths: []string{"keys/*"}, targets: map[string][]byte{
			"keys/a-far.json": teamKeys(t, far), "keys/b-outside.json": teamKeys(t, outside),
		}},
	)
	w.mustImport(dir)
	a := w.mustOpen()
	assert.NotNil(t, a.Trust.Find(near.Public()))
	assert.NotNil(t, a.Trust.Find(far.Public()))
	assert.Nil(t, a.Trust.Find(outside.Public()), "the role between may not provide it itself")
}

// Behind a terminating delegation nobody is asked.
func TestTerminatingDelegation(t *testing.T) {
	t.Parallel()
	for terminating, found := range map[bool]bool{true: false, false: true} {
		w, dir := newStick(t)
		dev := newHolder(t, "dev")
		w.tree(dir, newHolder(t, "team"),
			branch{from: "targets", name: "first", paths: []string{"keys/*"}, terminating: terminating},
			branch{from: "targets", name: "second", paths: []string{"keys/*"}, targets: map[string][]byte{"keys/dev.json": teamKeys(t, dev)}},
		)
		w.mustImport(dir)
		assert.Equal(t, found, w.mustOpen().Trust.Find(dev.Public()) != nil, "terminating: %v", terminating)
	}
}

// Of two roles that provide a target the first one that it is delegated to counts, also
// where the second is nearer to the top.
func TestFirstDelegationCounts(t *testing.T) {
	t.Parallel()
	w, dir := newStick(t)
	first, second := newHolder(t, "first"), newHolder(t, "second")
	w.tree(dir, newHolder(t, "team"),
		branch{from: "targets", name: "A", paths: []string{"keys/*"}},
		branch{from: "targets", name: "B", paths: []string{"keys/*"}, targets: map[string][]byte{"keys/x.json": teamKeys(t, second)}},
		branch{from: "A", name: "C", paths: []string{"keys/x*"}, targets: map[string][]byte{"keys/x.json": teamKeys(t, first)}},
	)
	w.mustImport(dir)
	a := w.mustOpen()
	assert.NotNil(t, a.Trust.Find(first.Public()))
	assert.Nil(t, a.Trust.Find(second.Public()))
}
