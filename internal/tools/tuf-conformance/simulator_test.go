package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// object is a JSON object in the making.
type object = map[string]any

// simulator is a TUF repository behind a real web server, that a test can make do
// what no honest one would.
type simulator struct {
	t       *testing.T
	server  *httptest.Server
	signed  map[string]object             // what each role says next
	keys    map[string]ed25519.PrivateKey // by role
	files   map[string][]byte             // by path
	asked   []string
	now     time.Time
	answers map[string]http.HandlerFunc // instead of a file
	// hashes says that snapshot and timestamp have hashes and lengths, and cosign makes
	// one signature more for roots.
	hashes bool
	cosign func(canonical []byte) object

	metadataDir, targetDir string
}

func newSimulator(t *testing.T) *simulator {
	s := &simulator{
		t: t, signed: map[string]object{}, keys: map[string]ed25519.PrivateKey{}, files: map[string][]byte{},
		answers: map[string]http.HandlerFunc{}, now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC),
		metadataDir: t.TempDir(), targetDir: t.TempDir(),
	}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.server.Close)
	roles, keys := object{}, object{}
	for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
		s.signed[role] = s.blank(role)
		id, key := s.newKey(role)
		keys[id] = key
		roles[role] = object{"keyids": []string{id}, "threshold": 1}
	}
	s.signed["root"]["keys"], s.signed["root"]["roles"], s.signed["root"]["consistent_snapshot"] = keys, roles, true
	s.signed["snapshot"]["meta"], s.signed["timestamp"]["meta"] = object{}, object{}
	s.publish("root", "targets", "snapshot", "timestamp")
	return s
}

func (s *simulator) blank(role string) object {
	kind := role
	if s.signed["root"] != nil && metadata.ROOT != role && role != "snapshot" && role != "timestamp" {
		kind = "targets"
	}
	return object{"_type": kind, "spec_version": "1.0.31", "version": 0, "expires": s.in(30 * 24 * time.Hour), "targets": object{}}
}

func (s *simulator) in(d time.Duration) string { return s.now.Add(d).Format("2006-01-02T15:04:05Z") }

// newKey gives a role a new key.
func (s *simulator) newKey(role string) (id string, key object) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(s.t, err)
	s.keys[role] = private
	return hex.EncodeToString(public), object{"keytype": "ed25519", "scheme": "ed25519", "keyval": object{"public": hex.EncodeToString(public)}}
}

// publish gives roles their next version, signs them, and names them in the snapshot
// and the timestamp as they stand.
func (s *simulator) publish(roles ...string) {
	for _, role := range roles {
		body := s.signed[role]
		body["version"] = body["version"].(int) + 1
		s.release(role)
		meta := object{"version": body["version"]}
		if raw := s.files[s.name(role)]; s.hashes {
			sum := sha256.Sum256(raw)
			meta["length"], meta["hashes"] = len(raw), object{"sha256": hex.EncodeToString(sum[:])}
		}
		switch role {
		case "root", "timestamp":
		case "snapshot":
			s.signed["timestamp"]["meta"].(object)["snapshot.json"] = meta
		default:
			s.signed["snapshot"]["meta"].(object)[role+".json"] = meta
		}
	}
}

// release signs a role as it stands, under its version.
func (s *simulator) release(role string) { s.files[s.name(role)] = s.sign(role, role) }

// name is where a role stands on the server.
func (s *simulator) name(role string) string {
	if role == "timestamp" || role != "root" && s.signed["root"]["consistent_snapshot"] == false {
		return "/metadata/" + quote(role) + ".json"
	}
	return fmt.Sprintf("/metadata/%d.%s.json", s.signed[role]["version"], quote(role))
}

// flatten makes a repository without consistent snapshots.
func (s *simulator) flatten() {
	s.signed["root"]["consistent_snapshot"] = false
	s.publish("root", "targets", "snapshot", "timestamp")
}

// bins lets a role delegate everything to 2^bits bins, which one key signs for, and
// returns their names.
func (s *simulator) bins(from, prefix string, bits int) (names []string) {
	id, key := s.newKey(prefix)
	s.signed[from]["delegations"] = object{"keys": object{id: key}, "succinct_roles": object{
		"keyids": []string{id}, "threshold": 1, "bit_length": bits, "name_prefix": prefix,
	}}
	digits := (bits + 3) / 4
	for i := range 1 << bits {
		name := fmt.Sprintf("%s-%0*x", prefix, digits, i)
		s.signed[name], s.keys[name] = s.blank(name), s.keys[prefix]
		names = append(names, name)
	}
	return names
}

// sign is a role's metadata, by the keys of signers.
func (s *simulator) sign(role string, signers ...string) []byte {
	text, err := json.Marshal(s.signed[role], json.Deterministic(true))
	require.NoError(s.t, err)
	canonical := bytes.ReplaceAll(text, []byte(`\n`), []byte("\n")) // which is no JSON; nothing else differs
	var signatures []object
	for _, signer := range signers {
		key := s.keys[signer]
		signatures = append(signatures, object{
			"keyid": hex.EncodeToString(key.Public().(ed25519.PublicKey)), "sig": hex.EncodeToString(ed25519.Sign(key, canonical)),
		})
	}
	if s.cosign != nil && role == "root" {
		signatures = append(signatures, s.cosign(canonical))
	}
	raw, err := json.Marshal(object{"signed": jsontext.Value(text), "signatures": signatures})
	require.NoError(s.t, err)
	return raw
}

// quote encodes a role's name as the suite wants it in a request.
func quote(role string) string { return strings.ReplaceAll(url.QueryEscape(role), "+", "%20") }

// delegate lets a role delegate paths to another.
func (s *simulator) delegate(from, to string, terminating bool, paths ...string) {
	d, _ := s.signed[from]["delegations"].(object)
	if d == nil {
		d = object{"keys": object{}, "roles": []object{}}
		s.signed[from]["delegations"] = d
	}
	if s.signed[to] == nil {
		s.signed[to] = s.blank(to)
	}
	id, key := s.newKeyOnce(to)
	d["keys"].(object)[id] = key
	d["roles"] = append(d["roles"].([]object), object{"name": to, "keyids": []string{id}, "threshold": 1, "terminating": terminating, "paths": paths})
}

func (s *simulator) newKeyOnce(role string) (id string, key object) {
	if private := s.keys[role]; private != nil {
		public := hex.EncodeToString(private.Public().(ed25519.PublicKey))
		return public, object{"keytype": "ed25519", "scheme": "ed25519", "keyval": object{"public": public}}
	}
	return s.newKey(role)
}

// rotate gives a role of the root another key.
func (s *simulator) rotate(role string) {
	id, key := s.newKey(role)
	s.signed["root"]["keys"].(object)[id] = key
	s.signed["root"]["roles"].(object)[role].(object)["keyids"] = []string{id}
}

// target adds a target to a role, to be published.
func (s *simulator) target(role, path, content string) {
	sum := sha256.Sum256([]byte(content))
	s.signed[role]["targets"].(object)[path] = object{"length": len(content), "hashes": object{"sha256": hex.EncodeToString(sum[:])}}
	dir, base := filepath.Split(path)
	name := hex.EncodeToString(sum[:]) + "." + base
	if s.signed["root"]["consistent_snapshot"] == false {
		name = base
	}
	s.files["/targets/"+dir+name] = []byte(content)
}

func (s *simulator) serve(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	s.asked = append(s.asked, path)
	if answer := s.answers[path]; answer != nil {
		answer(w, r)
		return
	}
	content, found := s.files[path]
	if !found {
		content, found = s.files[r.URL.Path] // of targets
	}
	if !found {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(content)
}

// call runs the program, and returns its exit status and what it asked for.
func (s *simulator) call(args ...string) (status int, asked []string) {
	s.t.Helper()
	s.asked = nil
	var stderr bytes.Buffer
	status = run(append([]string{"--metadata-dir", s.metadataDir}, args...), s.now, "", &stderr)
	s.t.Log(strings.TrimSpace(stderr.String()))
	return status, s.asked
}

func (s *simulator) begin() {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "root.json")
	require.NoError(s.t, os.WriteFile(path, s.files["/metadata/1.root.json"], 0o600))
	status, asked := s.call("init", path)
	require.Zero(s.t, status)
	require.Empty(s.t, asked)
}

func (s *simulator) refresh() (status int, asked []string) {
	s.t.Helper()
	return s.call("--metadata-url", s.server.URL+"/metadata", "refresh")
}

// refuses asserts that a refresh fails and the client keeps these versions.
func (s *simulator) refuses(kept map[string]int) {
	s.t.Helper()
	status, _ := s.refresh()
	assert.Equal(s.t, 1, status)
	assert.Equal(s.t, kept, s.trusted())
}

func (s *simulator) download(target string) (status int, asked []string) {
	s.t.Helper()
	return s.call("--metadata-url", s.server.URL+"/metadata/", "--target-name", target,
		"--target-base-url", s.server.URL+"/targets/", "--target-dir", s.targetDir, "download")
}

// trusted are the versions of what the client keeps.
func (s *simulator) trusted() map[string]int {
	s.t.Helper()
	entries, err := os.ReadDir(s.metadataDir)
	require.NoError(s.t, err)
	out := map[string]int{}
	for _, e := range entries {
		var m struct {
			Signed struct {
				Version int `json:"version"`
			} `json:"signed"`
		}
		raw, err := os.ReadFile(filepath.Join(s.metadataDir, e.Name()))
		require.NoError(s.t, err)
		require.NoError(s.t, json.Unmarshal(raw, &m))
		out[strings.TrimSuffix(e.Name(), ".json")] = m.Signed.Version
	}
	return out
}

// downloaded are the contents of the targets that the client keeps.
func (s *simulator) downloaded() []string {
	s.t.Helper()
	entries, err := os.ReadDir(s.targetDir)
	require.NoError(s.t, err)
	out := []string{}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(s.targetDir, e.Name()))
		require.NoError(s.t, err)
		out = append(out, string(raw))
	}
	return out
}
