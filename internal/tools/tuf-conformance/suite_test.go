package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"encoding/pem"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Repositories such as the suite has, where main_test.go has none.

// Without consistent snapshots no name has a version or a digest but those of roots.
func TestInconsistentSnapshots(t *testing.T) {
	s := newSimulator(t)
	s.flatten()
	s.begin()
	s.delegate("targets", "A", false, "a/*")
	s.target("A", "a/file", "content")
	s.publish("A", "targets", "snapshot", "timestamp")
	status, asked := s.download("a/file")
	assert.Zero(t, status)
	assert.Equal(t, []string{
		"/metadata/2.root.json", "/metadata/3.root.json", "/metadata/timestamp.json", "/metadata/snapshot.json", "/metadata/targets.json",
		"/metadata/A.json", "/targets/a/file",
	}, asked)
	assert.Equal(t, []string{"content"}, s.downloaded())
}

// Succinct bins: of 2, 4 or 256 the one is asked for that the path's hash chooses.
func TestSuccinctBins(t *testing.T) {
	for bits, bin := range map[int]string{1: "bin-1", 2: "bin-3", 8: "bin-fc"} {
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			s := newSimulator(t)
			s.begin()
			names := s.bins("targets", "bin", bits)
			require.Contains(t, names, bin)
			sum := sha256.Sum256([]byte("bar"))
			require.EqualValues(t, 0xfc, sum[0])
			s.target(bin, "bar", "content of bar")
			s.publish(append(names, "targets", "snapshot", "timestamp")...)
			status, asked := s.download("bar")
			assert.Zero(t, status)
			assert.Equal(t, []string{"/metadata/1." + bin + ".json"}, asked[4:5])
			assert.Equal(t, []string{"content of bar"}, s.downloaded())
			assert.Len(t, s.trusted(), 5)
		})
	}
}

// A bin provides nothing that another bin is for.
func TestBinOutsideOfItsPaths(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	names := s.bins("targets", "bin", 1)
	s.target("bin-0", "bar", "of the wrong bin")
	s.publish(append(names, "targets", "snapshot", "timestamp")...)
	status, _ := s.download("bar")
	assert.Equal(t, 1, status)
	assert.Empty(t, s.downloaded())
}

func TestHashedBins(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	sum := sha256.Sum256([]byte("file"))
	prefix := hex.EncodeToString(sum[:])[:2]
	s.delegate("targets", "other", false)
	s.delegate("targets", "right", false)
	roles := s.signed["targets"]["delegations"].(object)["roles"].([]object)
	for i, p := range []string{"0" + prefix[:1] + "ff", prefix} {
		delete(roles[i], "paths")
		roles[i]["path_hash_prefixes"] = []string{p}
	}
	s.target("right", "file", "content")
	s.publish("other", "right", "targets", "snapshot", "timestamp")
	status, asked := s.download("file")
	assert.Zero(t, status)
	assert.Equal(t, "/metadata/1.right.json", asked[4])
}

// Names of roles stand in requests as Python's quote writes them, and lead nowhere else
// on disk.
func TestOddNamesOfRoles(t *testing.T) {
	for role, quoted := range map[string]string{
		".": ".", "..": "..", "../a": "..%2Fa", "role with space": "role%20with%20space", "a+b": "a%2Bb", "50%": "50%25", "%2F": "%252F", `a\b`: "a%5Cb",
		"größe": "gr%C3%B6%C3%9Fe", "a:b@c&d=e": "a%3Ab%40c%26d%3De", "~_-": "~_-", "a;b,c$!*'()": "a%3Bb%2Cc%24%21%2A%27%28%29", "root.json": "root.json",
	} {
		t.Run(role, func(t *testing.T) {
			s := newSimulator(t)
			s.begin()
			s.delegate("targets", role, false, "*")
			s.target(role, "file", "content")
			s.publish(role, "targets", "snapshot", "timestamp")
			s.files["/metadata/1."+quoted+".json"] = s.sign(role, role) // of which the server knows no other form
			status, asked := s.download("file")
			assert.Zero(t, status)
			assert.Equal(t, "/metadata/1."+quoted+".json", asked[4])
			assert.Len(t, s.trusted(), 5)
			status, _ = s.download("file")
			assert.Zero(t, status)
		})
	}
}

// A tree with patterns for several steps of a path.
func TestTreeOfDelegations(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	s.delegate("targets", "A", false, "*.doc", "*.md")
	s.delegate("targets", "B", false, "releases/*/*")
	s.delegate("B", "C", false, "releases/x/*")
	s.delegate("B", "D", false, "releases/y/*.zip")
	for path, role := range map[string]string{
		"file": "targets", "README.md": "A", "releases/x/x_v1": "C", "releases/y/y_v1.zip": "D", "releases/z/z_v1.zip": "D",
	} {
		s.target(role, path, "content of "+path)
	}
	s.publish("A", "B", "C", "D", "targets", "snapshot", "timestamp")
	for path, want := range map[string][]string{
		"file": nil, "README.md": {"A"}, "releases/x/x_v1": {"B", "C"}, "releases/y/y_v1.zip": {"B", "D"},
	} {
		s.metadataDir, s.targetDir = t.TempDir(), t.TempDir()
		s.begin()
		status, asked := s.download(path)
		assert.Zero(t, status, path)
		assert.Equal(t, []string{"content of " + path}, s.downloaded())
		for i, role := range want {
			assert.Equal(t, "/metadata/1."+role+".json", asked[4+i])
		}
		assert.Len(t, asked, 4+len(want)+1)
	}
	s.metadataDir, s.targetDir = t.TempDir(), t.TempDir()
	s.begin()
	status, asked := s.download("releases/z/z_v1.zip")
	assert.Equal(t, 1, status, "D has it, and nobody delegates it to D")
	assert.Equal(t, []string{"/metadata/1.B.json"}, asked[4:])
}

func TestExpiredDelegations(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	s.delegate("targets", "A", false, "a/*")
	s.signed["A"]["expires"] = s.in(-day)
	s.target("A", "a/1", "first")
	s.target("A", "a/2", "second")
	s.publish("A", "targets", "snapshot", "timestamp")
	status, _ := s.refresh()
	assert.Zero(t, status)
	status, _ = s.download("a/1")
	assert.Equal(t, 1, status)
	assert.Empty(t, s.downloaded())
	assert.NotContains(t, s.trusted(), "A")

	s.signed["A"]["expires"] = s.in(7 * day)
	s.publish("A", "snapshot", "timestamp")
	status, _ = s.download("a/1")
	assert.Zero(t, status)
	s.now = s.now.Add(18 * day)
	status, _ = s.download("a/2")
	assert.Equal(t, 1, status, "what is kept has expired since")
	s.signed["A"]["expires"] = s.in(3 * day)
	s.publish("A", "snapshot", "timestamp")
	status, _ = s.download("a/2")
	assert.Zero(t, status)
	assert.Equal(t, 3, s.trusted()["A"])
}

// Each role that has expired is not taken, and what came before it is.
func TestExpiredRoles(t *testing.T) {
	for role, kept := range map[string]map[string]int{
		"root":      {"root": 2, "timestamp": 1, "snapshot": 1, "targets": 1},
		"timestamp": {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1},
		"snapshot":  {"root": 1, "timestamp": 2, "snapshot": 1, "targets": 1},
		"targets":   {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1},
	} {
		t.Run(role, func(t *testing.T) {
			s := newSimulator(t)
			s.begin()
			status, _ := s.refresh()
			require.Zero(t, status)
			s.signed[role]["expires"] = s.in(-day)
			if role == "root" {
				s.publish("root")
			} else {
				s.publish("targets", "snapshot", "timestamp")
			}
			s.refuses(kept)
		})
	}
	t.Run("what is kept has expired", func(t *testing.T) {
		s := newSimulator(t)
		s.begin()
		s.signed["timestamp"]["expires"] = s.in(7 * day)
		s.publish("timestamp")
		status, _ := s.refresh()
		require.Zero(t, status)
		s.signed["timestamp"]["expires"] = s.in(21 * day)
		s.publish("targets", "snapshot", "timestamp")
		s.now = s.now.Add(18 * day)
		status, _ = s.refresh()
		assert.Zero(t, status)
		assert.Equal(t, map[string]int{"root": 1, "timestamp": 3, "snapshot": 2, "targets": 2}, s.trusted())
	})
}

// Hashes and lengths of metadata are held, also where they are used to look at what is
// kept.
func TestHashesOfMetadata(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	s.hashes = true
	s.publish("targets", "snapshot", "timestamp")
	status, _ := s.refresh()
	assert.Zero(t, status)
	s.publish("targets")
	s.signed["snapshot"]["meta"].(object)["targets.json"].(object)["hashes"].(object)["sha256"] = hex.EncodeToString(make([]byte, 32))
	s.publish("snapshot", "timestamp")
	status, _ = s.refresh()
	assert.Equal(t, 1, status)
	assert.Equal(t, map[string]int{"root": 1, "timestamp": 3, "snapshot": 3, "targets": 2}, s.trusted())

	s.signed["snapshot"]["version"] = 0
	s.publish("snapshot", "timestamp")
	status, asked := s.refresh()
	assert.Equal(t, 1, status, "the snapshot goes back")
	assert.Equal(t, "/metadata/timestamp.json", asked[len(asked)-1])
	assert.Equal(t, 3, s.trusted()["timestamp"])
}

// The version in a file is the one in its name.
func TestVersionsThatDoNotAgree(t *testing.T) {
	for role, kept := range map[string]map[string]int{
		"root":     {"root": 1},
		"snapshot": {"root": 1, "timestamp": 2},
		"targets":  {"root": 1, "timestamp": 2, "snapshot": 2},
	} {
		t.Run(role, func(t *testing.T) {
			s := newSimulator(t)
			s.begin()
			s.publish("targets", "snapshot", "timestamp")
			s.signed[role]["version"] = 3
			s.files["/metadata/2."+role+".json"] = s.sign(role, role)
			s.refuses(kept)
		})
	}
}

// A snapshot that the key of the timestamp signed is no timestamp.
func TestOneRoleInThePlaceOfAnother(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	s.signed["snapshot"]["meta"] = object{"snapshot.json": object{"version": 1}, "targets.json": object{"version": 1}}
	s.files["/metadata/timestamp.json"] = s.sign("snapshot", "timestamp")
	s.refuses(map[string]int{"root": 1})
}

// What metadata has beyond the specification is signed with the rest, and means nothing.
func TestMembersThatNobodyKnows(t *testing.T) {
	s := newSimulator(t)
	s.begin()
	root := s.signed["root"]
	root["custom-field"] = "value"
	for _, key := range root["keys"].(object) {
		key.(object)["keyid_hash_algorithms"] = []string{"md5"}
		key.(object)["extra-field"] = object{"a": 1, "b": 2}
	}
	root["roles"].(object)["snapshot"].(object)["another-field"] = "value"
	s.publish("root")
	s.files["/metadata/timestamp.json"] = append(s.files["/metadata/timestamp.json"], ' ')
	status, _ := s.refresh()
	assert.Zero(t, status)
	assert.Equal(t, 2, s.trusted()["root"])
}

func TestSignaturesBesideThoseThatCount(t *testing.T) {
	for name, tt := range map[string]struct {
		more   func(signatures []object) []object
		status int
	}{
		"by nobody known": {func(l []object) []object { return append(l, object{"keyid": "00", "sig": "00"}) }, 0},
		"empty":           {func(l []object) []object { return append(l, object{"keyid": "00", "sig": ""}) }, 0},
		"the same twice":  {func(l []object) []object { return append(l, l[0]) }, 1},
		"none":            {func([]object) []object { return []object{} }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSimulator(t)
			s.begin()
			var file struct {
				Signed     jsontext.Value `json:"signed"`
				Signatures []object       `json:"signatures"`
			}
			require.NoError(t, json.Unmarshal(s.files["/metadata/timestamp.json"], &file))
			file.Signatures = tt.more(file.Signatures)
			raw, err := json.Marshal(file)
			require.NoError(t, err)
			s.files["/metadata/timestamp.json"] = raw
			status, _ := s.refresh()
			assert.Equal(t, tt.status, status)
		})
	}
}

// Targets may have other hashes than SHA-256, and one that is known must be among them.
func TestHashesOfTargets(t *testing.T) {
	short := sha256.Sum256([]byte("content"))
	long := sha512.Sum512([]byte("content"))
	all := map[string]string{"sha256": hex.EncodeToString(short[:]), "sha512": hex.EncodeToString(long[:]), "md5": "9a0364b9e99bb480dd25e1f0284c8555"}
	for _, algorithms := range [][]string{{"sha256"}, {"sha512"}, {"sha256", "sha512"}, {"sha512", "md5"}, {"md5"}} {
		t.Run(fmt.Sprint(algorithms), func(t *testing.T) {
			s := newSimulator(t)
			s.begin()
			hashes := object{}
			for _, a := range algorithms {
				hashes[a] = all[a]
				s.files["/targets/"+all[a]+".file"] = []byte("content")
			}
			s.signed["targets"]["targets"].(object)["file"] = object{"length": 7, "hashes": hashes}
			s.publish("targets", "snapshot", "timestamp")
			status, _ := s.download("file")
			want := []string{"content"}
			if !slices.ContainsFunc(algorithms, func(a string) bool { return a != "md5" }) {
				want = []string{}
			}
			assert.Equal(t, len(want) == 0, status == 1)
			assert.Equal(t, want, s.downloaded())
		})
	}
}

// Keys are of the kinds that the specification names. One that is demanded, and did not
// sign, is missed.
func TestKindsOfKeys(t *testing.T) {
	ofRSA, err := rsa.GenerateKey(rand.Reader, 3072)
	require.NoError(t, err)
	ofECDSA, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for scheme, tt := range map[string]struct {
		keytype string
		key     crypto.Signer
		opts    crypto.SignerOpts
	}{
		"rsassa-pss-sha256":   {"rsa", ofRSA, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}},
		"ecdsa-sha2-nistp256": {"ecdsa", ofECDSA, crypto.SHA256},
	} {
		t.Run(scheme, func(t *testing.T) {
			s := newSimulator(t)
			s.begin()
			der, err := x509.MarshalPKIXPublicKey(tt.key.Public())
			require.NoError(t, err)
			root, role := s.signed["root"], s.signed["root"]["roles"].(object)["root"].(object)
			root["keys"].(object)["aa"] = object{
				"keytype": tt.keytype, "scheme": scheme,
				"keyval": object{"public": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))},
			}
			role["keyids"], role["threshold"] = append(role["keyids"].([]string), "aa"), 2
			broken := false
			s.cosign = func(canonical []byte) object {
				if broken {
					canonical = nil
				}
				sum := sha256.Sum256(canonical)
				sig, err := tt.key.Sign(rand.Reader, sum[:], tt.opts)
				require.NoError(t, err)
				return object{"keyid": "aa", "sig": hex.EncodeToString(sig)}
			}
			s.publish("root")
			status, _ := s.refresh()
			assert.Zero(t, status)
			assert.Equal(t, 2, s.trusted()["root"])
			broken = true
			s.publish("root")
			status, _ = s.refresh()
			assert.Equal(t, 1, status)
			assert.Equal(t, 2, s.trusted()["root"])
		})
	}
}
