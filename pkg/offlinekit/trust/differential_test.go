package trust_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// repository is a repository in memory, as a Source and as go-tuf wants it.
type repository map[string][]byte

func (r repository) Metadata(name string, limit int64) ([]byte, error) {
	b, found := r[name]
	if !found || int64(len(b)) > limit {
		return nil, fs.ErrNotExist
	}
	return b, nil
}

func (r repository) Target(string, int64) ([]byte, error) { return nil, fs.ErrNotExist }

// kept is what a client trusts.
type kept map[string][]byte

func (k kept) Load(role string) ([]byte, error) {
	if b, found := k[role]; found {
		return b, nil
	}
	return nil, fs.ErrNotExist
}

func (k kept) Save(role string, _ int64, raw []byte) error {
	k[role] = raw
	return nil
}

// goTUF takes the steps of the client workflow with go-tuf's trusted metadata. What it
// panics over counts as refused.
func goTUF(known kept, source repository, now time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	set, err := trustedmetadata.New(known["root"])
	if err != nil {
		return err
	}
	set.RefTime = now
	for version := set.Root.Signed.Version + 1; ; version++ {
		raw, found := source[fmt.Sprintf("%d.root.json", version)]
		if !found {
			break
		}
		if _, err := set.UpdateRoot(raw); err != nil {
			return err
		}
	}
	if raw, found := known["timestamp"]; found {
		_, _ = set.UpdateTimestamp(raw)
	}
	if _, err := set.UpdateTimestamp(source["timestamp.json"]); err != nil && !errors.Is(err, &metadata.ErrEqualVersionNumber{}) {
		return err
	}
	version := func(meta map[string]*metadata.MetaFiles, role string) string {
		return fmt.Sprintf("%d.%s.json", meta[role+".json"].Version, role)
	}
	local := false
	if raw, found := known["snapshot"]; found {
		_, err := set.UpdateSnapshot(raw, true)
		local = err == nil
	}
	if !local {
		if _, err := set.UpdateSnapshot(source[version(set.Timestamp.Signed.Meta, "snapshot")], false); err != nil {
			return err
		}
	}
	if raw, found := known["targets"]; found {
		if _, err := set.UpdateTargets(raw); err == nil {
			return nil
		}
	}
	_, err = set.UpdateTargets(source[version(set.Snapshot.Signed.Meta, "targets")])
	return err
}

func ours(known kept, source repository, now time.Time) error {
	return (&trust.Client{Source: source, Store: maps.Clone(known), Now: now}).Refresh()
}

// stocked are a client that has version 1, and the repository at version 2 after a
// rotation of the root, with the export that it came from.
func stocked(t *testing.T) (kept, repository, *world, string) {
	t.Helper()
	w := newWorld(t)
	root, err := w.publisher.FirstRoot()
	require.NoError(t, err)
	known := kept{"root": root}
	require.NoError(t, (&trust.Client{Source: repositoryOf(t, w.export()), Store: known, Now: w.now}).Refresh())
	w.now = w.now.Add(day)
	_, err = w.publisher.RotateRoot(t.Context(), trust.Rotation{Add: newHolderKeys(t, "dave"), Now: w.now})
	require.NoError(t, err)
	w.sign(w.alice, w.carol)
	w.renew()
	dir := w.export()
	return known, repositoryOf(t, dir), w, dir
}

func repositoryOf(t *testing.T, dir string) repository {
	t.Helper()
	out := repository{}
	files, err := filepath.Glob(metadataFile(dir, "*.json"))
	require.NoError(t, err)
	for _, f := range files {
		out[filepath.Base(f)] = read(t, f)
	}
	return out
}

// TestGoTUFAcceptsWhatWeDo changes the metadata in hundreds of ways and holds the
// client to go-tuf's own workflow: it takes nothing that go-tuf refuses, and of what
// go-tuf takes it refuses only what is not JSON that all readers understand alike.
func TestGoTUFAcceptsWhatWeDo(t *testing.T) {
	known, good, w, _ := stocked(t)
	require.NoError(t, ours(known, good, w.now))
	require.NoError(t, goTUF(known, good, w.now))
	random := rand.New(rand.NewPCG(1, 2))
	accepted, refused := 0, 0
	for _, name := range slices.Sorted(maps.Keys(good)) {
		for range 60 {
			changed := maps.Clone(good)
			changed[name] = mutate(random, good[name], good)
			us, them := ours(known, changed, w.now), goTUF(known, changed, w.now)
			if us == nil {
				accepted++
				require.NoError(t, them, "go-tuf refuses this %s, and we do not:\n%s", name, changed[name])
				continue
			}
			refused++
			if them == nil {
				assert.Regexp(t, `malformed|is not the|nothing else`, us.Error(), "%s:\n%s", name, changed[name])
			}
		}
	}
	assert.Greater(t, refused, 100)
	t.Logf("%d accepted by both, %d refused", accepted, refused)
}

// mutate changes a file: a byte, a digit, a piece that goes or comes twice, or another
// file in its place.
func mutate(random *rand.Rand, raw []byte, all repository) []byte {
	at := random.IntN(len(raw))
	switch random.IntN(7) {
	case 0:
		out := slices.Clone(raw)
		out[at] ^= byte(1 + random.IntN(255))
		return out
	case 1:
		to := min(len(raw), at+1+random.IntN(20))
		return slices.Concat(raw[:at], raw[to:])
	case 2:
		to := min(len(raw), at+1+random.IntN(60))
		return slices.Concat(raw[:to], raw[at:])
	case 3:
		names := slices.Sorted(maps.Keys(all))
		return all[names[random.IntN(len(names))]]
	case 4:
		words := []string{`"version"`, `"expires"`, `"keys"`, `"threshold"`, `"keyids"`, `"meta"`, `"signatures"`, `"sig"`, `"_type"`}
		word := words[random.IntN(len(words))]
		return []byte(strings.Replace(string(raw), word, strings.ToUpper(word), 1))
	case 5:
		values := []string{"null", "-1", "0", "1", "2", "9999999999999999999", `""`, "[]", "{}", "true"}
		return []byte(strings.Replace(string(raw), "1", values[random.IntN(len(values))], 1+random.IntN(3)))
	}
	return append(slices.Clone(raw), " \n{}x"[random.IntN(5)])
}
