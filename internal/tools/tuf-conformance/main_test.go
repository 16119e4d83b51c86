package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const day = 24 * time.Hour

func TestRefreshAsksForWhatItMust(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	status, asked := s.refresh()
	assert.Zero(t, status)
	assert.Equal(t, []string{"/metadata/2.root.json", "/metadata/timestamp.json", "/metadata/1.snapshot.json", "/metadata/1.targets.json"}, asked)
	assert.Equal(t, map[string]int{"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}, s.trusted())
	kept, err := os.ReadFile(filepath.Join(s.metadataDir, "timestamp.json"))
	require.NoError(t, err)
	assert.Equal(t, s.files["/metadata/timestamp.json"], kept, "byte for byte")

	status, asked = s.refresh()
	assert.Zero(t, status)
	assert.Equal(t, []string{"/metadata/2.root.json", "/metadata/timestamp.json"}, asked, "what is known is not asked for")
}

func TestInitialRootIsCheckedBeforeAnyRequest(t *testing.T) {
	for name, spoil := range map[string]func(string) string{
		"no version":  func(root string) string { return strings.Replace(root, `"version":1`, `"x":1`, 1) },
		"other key":   func(root string) string { return strings.Replace(root, `"sig":"`, `"sig":"00`, 1) },
		"not JSON":    func(string) string { return "{" },
		"no file yet": nil,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSimulator(t)
			if spoil != nil {
				s.files["/metadata/1.root.json"] = []byte(spoil(string(s.files["/metadata/1.root.json"])))
				s.begin()
			}
			status, asked := s.refresh()
			assert.Equal(t, 1, status)
			assert.Empty(t, asked)
		})
	}
}

// A role that is not signed as it must be is refused, and those before it are kept.
func TestUnsignedRoles(t *testing.T) {
	for role, kept := range map[string]map[string]int{
		"root":      {"root": 1},
		"timestamp": {"root": 2},
		"snapshot":  {"root": 2, "timestamp": 2},
		"targets":   {"root": 2, "timestamp": 2, "snapshot": 2},
	} {
		t.Run(role, func(t *testing.T) {
			s := newSimulator(t)
			s.begin()
			s.publish("root", "targets", "snapshot", "timestamp")
			for path := range s.files {
				if strings.HasSuffix(path, "/2."+role+".json") || strings.HasSuffix(path, "/timestamp.json") && role == "timestamp" {
					s.files[path] = s.sign(role)
				}
			}
			s.refuses(kept)
		})
	}
}

func TestRootRotation(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	for range 3 {
		old := s.keys["root"]
		s.rotate("root")
		s.publish("root")
		s.keys["old"] = old
		version := s.signed["root"]["version"].(int)
		s.files[filepath.Join("/metadata", string(rune('0'+version))+".root.json")] = s.sign("root", "old", "root")
	}
	status, _ := s.refresh()
	assert.Zero(t, status)
	assert.Equal(t, 4, s.trusted()["root"])

	s.rotate("root")
	s.publish("root") // by the new key alone
	status, _ = s.refresh()
	assert.Equal(t, 1, status)
	assert.Equal(t, 4, s.trusted()["root"])
}

func TestRollbacks(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	s.publish("targets", "snapshot", "timestamp")
	status, _ := s.refresh()
	require.Zero(t, status)
	known := s.trusted()

	t.Run("timestamp", func(t *testing.T) {
		newest := s.files["/metadata/timestamp.json"]
		s.signed["timestamp"]["version"] = 1
		s.release("timestamp")
		status, asked := s.refresh()
		assert.Equal(t, 1, status)
		assert.Equal(t, "/metadata/timestamp.json", asked[len(asked)-1])
		assert.Equal(t, known, s.trusted())
		s.files["/metadata/timestamp.json"], s.signed["timestamp"]["version"] = newest, 2
	})
	t.Run("the same version with other content", func(t *testing.T) {
		newest := s.files["/metadata/timestamp.json"]
		s.signed["timestamp"]["meta"] = object{"snapshot.json": object{"version": 100}}
		s.release("timestamp")
		status, asked := s.refresh()
		assert.Zero(t, status)
		assert.Equal(t, "/metadata/timestamp.json", asked[len(asked)-1])
		s.files["/metadata/timestamp.json"] = newest
	})
	t.Run("snapshot in the timestamp", func(t *testing.T) {
		s.signed["timestamp"]["meta"] = object{"snapshot.json": object{"version": 1}}
		s.publish("timestamp")
		s.refuses(known)
	})
}

// Fast-forward recovery: keys that the root takes away take their versions along.
func TestFastForwardRecovery(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	for _, role := range []string{"targets", "snapshot", "timestamp"} {
		s.signed[role]["version"] = 99998
		s.publish(role)
	}
	status, _ := s.refresh()
	require.Zero(t, status)
	require.Equal(t, 99999, s.trusted()["snapshot"])
	for _, role := range []string{"snapshot", "timestamp"} {
		s.rotate(role)
	}
	s.publish("root")
	for _, role := range []string{"targets", "snapshot", "timestamp"} {
		s.signed[role]["version"] = 1
		s.publish(role)
	}
	status, _ = s.refresh()
	assert.Zero(t, status)
	assert.Equal(t, map[string]int{"root": 2, "timestamp": 2, "snapshot": 2, "targets": 2}, s.trusted())
}

func TestMissingFiles(t *testing.T) {
	for role, kept := range map[string]map[string]int{
		"timestamp": {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1},
		"snapshot":  {"root": 1, "timestamp": 2, "snapshot": 1, "targets": 1},
		"targets":   {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1},
	} {
		t.Run(role, func(t *testing.T) {
			s := newSimulator(t)
			s.begin()
			status, _ := s.refresh()
			require.Zero(t, status)
			s.publish("targets", "snapshot", "timestamp")
			delete(s.files, "/metadata/2."+role+".json")
			if role == "timestamp" {
				delete(s.files, "/metadata/timestamp.json")
			}
			status, asked := s.refresh()
			assert.Equal(t, 1, status)
			assert.Contains(t, asked[len(asked)-1], role)
			assert.Equal(t, kept, s.trusted())
		})
	}
}

func TestServerThatDoesNotAnswerOrNeverEnds(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	s.answers["/metadata/2.root.json"] = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusBadGateway) }
	status, _ := s.refresh()
	assert.Equal(t, 1, status, "no answer is not the answer that there is no newer root")
	delete(s.answers, "/metadata/2.root.json")
	s.answers["/metadata/timestamp.json"] = func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<16)); err != nil {
				return
			}
		}
	}
	s.refuses(map[string]int{"root": 1})
}

func TestDelegationsAreWalkedInOrder(t *testing.T) {
	for name, tt := range map[string]struct {
		build func(s *simulator)
		roles []string
		want  []string
	}{
		"depth first": {func(s *simulator) {
			s.delegate("targets", "A", false, "*")
			s.delegate("targets", "B", false, "*")
			s.delegate("A", "C", false, "*")
		}, []string{"A", "B", "C"}, []string{"A", "C", "B"}},
		"terminating": {func(s *simulator) {
			s.delegate("targets", "A", false, "*")
			s.delegate("targets", "B", false, "*")
			s.delegate("A", "C", true, "*")
			s.delegate("A", "D", false, "*")
		}, []string{"A", "B", "C", "D"}, []string{"A", "C"}},
		"cycle": {func(s *simulator) {
			s.delegate("targets", "A", false, "*")
			s.delegate("A", "B", false, "*")
			s.delegate("B", "A", false, "*")
		}, []string{"A", "B"}, []string{"A", "B"}},
		"paths": {func(s *simulator) {
			s.delegate("targets", "A", false, "*.py")
			s.delegate("targets", "B", false, "*")
		}, []string{"A", "B"}, []string{"B"}},
		"unusual names": {func(s *simulator) {
			for _, role := range []string{"?", "#", "/role", "../role"} {
				s.delegate("targets", role, false, "*")
			}
		}, []string{"?", "#", "/role", "../role"}, []string{"%3F", "%23", "%2Frole", "..%2Frole"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSimulator(t)
			s.begin()
			tt.build(s)
			s.publish(append(tt.roles, "targets", "snapshot", "timestamp")...)
			status, asked := s.download("missing")
			assert.Equal(t, 1, status)
			var want []string
			for _, role := range tt.want {
				want = append(want, "/metadata/1."+role+".json")
			}
			assert.Equal(t, want, asked[4:])
			assert.Len(t, s.trusted(), 4+len(tt.want))
			parent, err := os.ReadDir(filepath.Dir(s.metadataDir))
			require.NoError(t, err)
			for _, e := range parent {
				assert.NotContains(t, e.Name(), "role", "a name of a role leads out of the directory")
			}
		})
	}
}

// A role that two others delegate to, with different keys, is no role of the one
// whose keys did not sign it, also if it was loaded before.
func TestRoleIsHeldToEachDelegator(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	s.delegate("targets", "A", false, "a*")
	s.delegate("targets", "B", false, "b*")
	s.delegate("A", "C", false, "*")
	s.delegate("B", "C", false, "*")
	s.target("C", "a1", "by C")
	s.target("C", "b1", "by C")
	forB := s.signed["B"]["delegations"].(object)
	id, key := s.newKey("other")
	forB["keys"], forB["roles"].([]object)[0]["keyids"] = object{id: key}, []string{id}
	s.publish("A", "B", "C", "targets", "snapshot", "timestamp")
	status, _ := s.download("a1")
	assert.Zero(t, status)
	status, _ = s.download("b1")
	assert.Equal(t, 1, status)
}

func TestTargets(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	s.target("targets", "file.txt", "content")
	s.target("targets", "path/to/a file?.txt", "deep")
	s.publish("targets", "snapshot", "timestamp")
	status, _ := s.refresh()
	assert.Zero(t, status)
	assert.Empty(t, s.downloaded())
	for range 2 {
		status, _ = s.download("file.txt")
		assert.Zero(t, status)
		assert.Equal(t, []string{"content"}, s.downloaded())
	}
	assert.Equal(t, []string{"/metadata/2.root.json", "/metadata/timestamp.json"}, s.asked, "what is there is not asked for again")
	status, _ = s.download("path/to/a file?.txt")
	assert.Zero(t, status)
	assert.ElementsMatch(t, []string{"content", "deep"}, s.downloaded())

	for path := range s.files {
		if strings.HasPrefix(path, "/targets/") {
			s.files[path] = []byte("malicious")
		}
	}
	s.target("targets", "new.txt", "good")
	for path := range s.files {
		if strings.HasSuffix(path, ".new.txt") {
			s.files[path] = []byte("evil")
		}
	}
	s.publish("targets", "snapshot", "timestamp")
	status, _ = s.download("new.txt")
	assert.Equal(t, 1, status)
	status, _ = s.download("file.txt")
	assert.Zero(t, status)
	assert.ElementsMatch(t, []string{"content", "deep"}, s.downloaded())

	s.target("targets", "file.txt", "changed")
	s.publish("targets", "snapshot", "timestamp")
	status, _ = s.download("file.txt")
	assert.Zero(t, status)
	assert.ElementsMatch(t, []string{"changed", "deep"}, s.downloaded(), "under the same name")
}

// The suite moves the clock with faketime.
func TestClock(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for fake, want := range map[string]time.Duration{"": 0, "+18d": 18 * day, "+1555170": 1555170 * time.Second, "-2h": -2 * time.Hour, "+1.5m": 90 * time.Second, "+1y": 365 * day} {
		got, err := clock(now, fake)
		require.NoError(t, err)
		assert.Equal(t, now.Add(want), got, fake)
	}
	for _, fake := range []string{"x", "18d", "+d", "@2026-01-01 00:00:00"} {
		_, err := clock(now, fake)
		require.Error(t, err, fake)
	}
	s := newSimulator(t)
	s.begin()
	status, _ := s.refresh()
	require.Zero(t, status)
	s.publish("timestamp")
	s.now = s.now.Add(31 * day)
	status, _ = s.refresh()
	assert.Equal(t, 1, status, "everything has expired")
}

func TestUsage(t *testing.T) {
	s := newSimulator(t)
	for _, args := range [][]string{{}, {"init"}, {"refresh", "x"}, {"nothing"}, {"--nothing"}, {"refresh"}, {"download"}, {"init", "nowhere"}} {
		status, asked := s.call(args...)
		assert.Equal(t, 1, status, "%q", args)
		assert.Empty(t, asked)
	}
}
