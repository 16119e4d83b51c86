package keyring_test

import (
	"context"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

// noon is when things happen in these tests.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	return key
}

func newEntry(t testing.TB, name string) keyring.Entry {
	t.Helper()
	return keyring.Entry{
		Key:       keys.TrustedKey{Name: name, Public: newKey(t).Public()},
		State:     keyring.Active,
		Reference: keys.FileRef("/keys/" + name + ".key"),
	}
}

// add puts an entry into a keyring.
func add(t testing.TB, ring *keyring.Keyring, e keyring.Entry) {
	t.Helper()
	require.NoError(t, ring.Update(t.Context(), func(c *keyring.Contents) error { return c.Add(e) }))
}

func read(t testing.TB, ring *keyring.Keyring) *keyring.Contents {
	t.Helper()
	c, err := ring.Read()
	require.NoError(t, err)
	return c
}

func find(t testing.TB, ring *keyring.Keyring, name string) keyring.Entry {
	t.Helper()
	e, err := read(t, ring).Find(name)
	require.NoError(t, err)
	return *e
}

func requireFault(t testing.TB, err error, reason fault.Reason) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, reason, fault.ReasonOf(err), "%v", err)
}

func TestUpdateAndRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "keyring")
	ring := keyring.New(dir, keyring.Options{})
	assert.Empty(t, read(t, ring).Entries, "a keyring that is not there has no keys")

	e := newEntry(t, "release")
	e.Key.Holder, e.Key.Roles, e.Key.Tenant = "release team", []string{"release"}, "acme"
	e.Key.NotBefore, e.Key.NotAfter = noon(), noon().AddDate(1, 0, 0)
	e.Attestations = []keyring.Attestation{{
		Attestation: keys.Attestation{Format: "tpm2-certify", Statement: []byte{1, 2}, Chain: [][]byte{{3}, {4}}},
		ObtainedAt:  noon(),
	}}
	e.Note(noon(), keyring.Generated, "by %s", "a test")
	add(t, ring, e)

	got := find(t, ring, "release")
	require.NoError(t, e.Key.Complete())
	e.Key.Source = got.Key.Source
	assert.Equal(t, e, got)
	if info, err := os.Stat(dir); assert.NoError(t, err) && filepath.Separator == '/' {
		assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
		info, err = os.Stat(filepath.Join(dir, "keyring.json"))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
}

func TestAddRefusesASecond(t *testing.T) {
	ring := keyring.New(t.TempDir(), keyring.Options{})
	e := newEntry(t, "one")
	add(t, ring, e)
	e.Key.Name = "other"
	err := ring.Update(t.Context(), func(c *keyring.Contents) error { return c.Add(e) })
	requireFault(t, err, fault.UsageInvalid)
	assert.Contains(t, err.Error(), `"one"`)
	err = ring.Update(t.Context(), func(c *keyring.Contents) error { return c.Add(newEntry(t, "one")) })
	requireFault(t, err, fault.UsageInvalid)
	assert.Len(t, read(t, ring).Entries, 1)
}

func TestFindNamesTheNearest(t *testing.T) {
	ring := keyring.New(t.TempDir(), keyring.Options{})
	for _, name := range []string{"release-2026", "release-2025", "team"} {
		add(t, ring, newEntry(t, name))
	}
	_, err := read(t, ring).Find("relase-2026")
	requireFault(t, err, fault.KeyNotFound)
	assert.Equal(t, "did you mean release-2026 or release-2025?", fault.HintOf(err))
	_, err = read(t, ring).Find("xyzzy")
	assert.Contains(t, fault.HintOf(err), "stella keys list")
}

// What a keyring promises is held against whatever wants to change it.
func TestPromises(t *testing.T) {
	ring := keyring.New(t.TempDir(), keyring.Options{})
	for _, name := range []string{"kept", "revoked", "retired"} {
		e := newEntry(t, name)
		e.Note(noon(), keyring.Generated, "")
		add(t, ring, e)
	}
	require.NoError(t, ring.Update(t.Context(), func(c *keyring.Contents) error {
		c.Entries[2].State = keyring.VerifyOnly
		_, err := c.Revoke("revoked", "keyCompromise", noon(), noon())
		return err
	}))
	before, err := os.ReadFile(filepath.Join(ring.Dir(), "keyring.json"))
	require.NoError(t, err)
	for name, row := range map[string]struct {
		change func(*keyring.Contents)
		reason fault.Reason
	}{
		"an entry goes":        {func(c *keyring.Contents) { c.Entries = c.Entries[1:] }, fault.KeyringFailed},
		"another name":         {func(c *keyring.Contents) { c.Entries[0].Key.Name = "x" }, fault.KeyringFailed},
		"another key":          {func(c *keyring.Contents) { c.Entries[0].Key = newEntry(t, "kept").Key; _ = c.Entries[0].Key.Complete() }, fault.KeyringFailed},
		"history is shorter":   {func(c *keyring.Contents) { c.Entries[0].History = nil }, fault.KeyringFailed},
		"history is rewritten": {func(c *keyring.Contents) { c.Entries[0].History[0].What = "imported" }, fault.KeyringFailed},
		"signs again":          {func(c *keyring.Contents) { c.Entries[2].State = keyring.Active }, fault.KeyVerifyOnly},
		"revocation is undone": {func(c *keyring.Contents) {
			c.Entries[1].State, c.Entries[1].Key.RevokedAt, c.Entries[1].Key.Reason = keyring.Active, time.Time{}, ""
		}, fault.KeyRevoked},
		"revocation moves later": {func(c *keyring.Contents) { c.Entries[1].Key.RevokedAt = noon().Add(1) }, fault.KeyRevoked},
		"what cannot be read":    {func(c *keyring.Contents) { c.Entries[0].Reference = keys.Ref{} }, fault.KeyringMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			err := ring.Update(t.Context(), func(c *keyring.Contents) error { row.change(c); return nil })
			requireFault(t, err, row.reason)
			after, err := os.ReadFile(filepath.Join(ring.Dir(), "keyring.json"))
			require.NoError(t, err)
			assert.Equal(t, before, after)
		})
	}
	moved := func(at time.Time) error {
		return ring.Update(t.Context(), func(c *keyring.Contents) error { c.Entries[1].Key.RevokedAt = at; return nil })
	}
	require.NoError(t, moved(noon().Add(-time.Hour)), "earlier is allowed")
	requireFault(t, moved(noon()), fault.KeyRevoked)
}

func TestRevoke(t *testing.T) {
	ring := keyring.New(t.TempDir(), keyring.Options{})
	add(t, ring, newEntry(t, "k"))
	revoke := func(effective time.Time) error {
		return ring.Update(t.Context(), func(c *keyring.Contents) error {
			_, err := c.Revoke("k", "superseded", effective, noon())
			return err
		})
	}
	requireFault(t, revoke(noon().Add(time.Second)), fault.UsageInvalid)
	require.NoError(t, revoke(noon()))
	require.NoError(t, revoke(noon()), "the same again changes nothing")
	assert.Len(t, find(t, ring, "k").History, 1)
	require.NoError(t, revoke(noon().Add(-time.Hour)))
	requireFault(t, revoke(noon()), fault.KeyRevoked)
	e := find(t, ring, "k")
	assert.Equal(t, noon().Add(-time.Hour), e.Key.RevokedAt)
	assert.Equal(t, keyring.Revoked, e.State)
	assert.Len(t, e.History, 2)
}

func TestSucceed(t *testing.T) {
	ring := keyring.New(t.TempDir(), keyring.Options{})
	add(t, ring, newEntry(t, "release"))
	end := noon().AddDate(0, 0, 30)
	require.NoError(t, ring.Update(t.Context(), func(c *keyring.Contents) error {
		assert.Equal(t, "release-2", c.FreeName("release"))
		return c.Succeed("release", newEntry(t, "release-2"), end, noon(), "both keys signed")
	}))
	old := find(t, ring, "release")
	assert.Equal(t, end, old.Key.NotAfter)
	assert.Equal(t, keyring.Active, old.State)
	assert.Equal(t, "release-2", old.Successor)
	assert.Equal(t, "release-3", read(t, ring).FreeName("release-2"))

	err := ring.Update(t.Context(), func(c *keyring.Contents) error {
		return c.Succeed("release", newEntry(t, "release-3"), end, noon(), "")
	})
	requireFault(t, err, fault.UsageInvalid)
	require.NoError(t, ring.Update(t.Context(), func(c *keyring.Contents) error {
		return c.Succeed("release-2", newEntry(t, "release-3"), noon(), noon(), "no overlap")
	}))
	assert.Equal(t, keyring.VerifyOnly, find(t, ring, "release-2").State)
}

func TestMaySignAndJudge(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*keyring.Entry)
		reason fault.Reason // empty: may sign
		note   string
	}{
		"active":         {func(*keyring.Entry) {}, "", ""},
		"verify only":    {func(e *keyring.Entry) { e.State = keyring.VerifyOnly }, fault.KeyVerifyOnly, ""},
		"revoked":        {func(e *keyring.Entry) { e.State, e.Key.RevokedAt = keyring.Revoked, noon().Add(time.Hour) }, fault.KeyRevoked, ""},
		"too early":      {func(e *keyring.Entry) { e.Key.NotBefore = noon().Add(1) }, fault.KeyNotYetValid, ""},
		"first instant":  {func(e *keyring.Entry) { e.Key.NotBefore = noon() }, "", ""},
		"last instant":   {func(e *keyring.Entry) { e.Key.NotAfter = noon() }, "", "signs until"},
		"too late":       {func(e *keyring.Entry) { e.Key.NotAfter = noon().Add(-1) }, fault.KeyExpired, ""},
		"30 days left":   {func(e *keyring.Entry) { e.Key.NotAfter = noon().AddDate(0, 0, 30) }, "", "signs until"},
		"31 days left":   {func(e *keyring.Entry) { e.Key.NotAfter = noon().AddDate(0, 0, 31) }, "", ""},
		"has a follower": {func(e *keyring.Entry) { e.State, e.Successor = keyring.VerifyOnly, "next" }, fault.KeyVerifyOnly, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEntry(t, "k")
			row.change(&e)
			contents := &keyring.Contents{Entries: []keyring.Entry{e}}
			err := contents.Judge(e.Key.Public, noon())
			require.NoError(t, contents.Judge(newKey(t).Public(), noon()), "a key that is not known")
			if row.reason == "" {
				require.NoError(t, err)
				return
			}
			requireFault(t, err, row.reason)
			assert.NotEmpty(t, fault.HintOf(err))
			if e.Successor != "" {
				assert.Contains(t, fault.HintOf(err), "keyring:next")
			}
		})
	}
}

func TestMissingAndBroken(t *testing.T) {
	dir := t.TempDir()
	_, err := keyring.New(filepath.Join(dir, "absent"), keyring.Options{MustExist: true}).Read()
	requireFault(t, err, fault.KeyringFailed)
	_, err = keyring.New(dir, keyring.Options{MustExist: true}).Read()
	require.NoError(t, err, "a directory without the file")

	file := filepath.Join(dir, "keyring.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"format":"stella.ops/keyring@v1","entries":[`), 0o600))
	_, err = keyring.New(dir, keyring.Options{}).Read()
	requireFault(t, err, fault.KeyringMalformed)
	assert.Contains(t, fault.HintOf(err), "backup")
	err = keyring.New(dir, keyring.Options{}).Update(t.Context(), func(*keyring.Contents) error { panic("called") })
	requireFault(t, err, fault.KeyringMalformed)

	require.NoError(t, os.Remove(file))
	require.NoError(t, os.Mkdir(file, 0o700))
	_, err = keyring.New(dir, keyring.Options{}).Read()
	requireFault(t, err, fault.KeyringFailed)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	err = keyring.New(filepath.Join(dir, "file", "ring"), keyring.Options{}).Update(t.Context(), func(*keyring.Contents) error { return nil })
	requireFault(t, err, fault.KeyringFailed)
}

// A change that waits for another ends with its time or its context.
func TestUpdateWaits(t *testing.T) {
	ring := keyring.New(t.TempDir(), keyring.Options{Wait: 20 * time.Millisecond})
	err := ring.Update(t.Context(), func(*keyring.Contents) error {
		err := ring.Update(t.Context(), func(*keyring.Contents) error { return nil })
		requireFault(t, err, fault.KeyringBusy)
		assert.Equal(t, fault.ExitTemporary, fault.ReasonOf(err).Exit())

		stopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stopped)
		err = keyring.New(ring.Dir(), keyring.Options{}).Update(ctx, func(*keyring.Contents) error { return nil })
		require.ErrorIs(t, err, stopped)
		return nil
	})
	require.NoError(t, err)
}

func TestConcurrentUpdates(t *testing.T) {
	ring := keyring.New(t.TempDir(), keyring.Options{})
	var wg sync.WaitGroup
	for i := range 16 {
		e := newEntry(t, "key-"+strings.Repeat("x", i+1))
		wg.Go(func() {
			assert.NoError(t, ring.Update(t.Context(), func(c *keyring.Contents) error { return c.Add(e) }))
		})
	}
	wg.Wait()
	assert.Len(t, read(t, ring).Entries, 16)
}
