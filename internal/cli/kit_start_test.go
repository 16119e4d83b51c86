package cli

import (
	"html"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
)

// commandsOf are the commands in a section of START-HERE.txt, but for what only cosign
// runs, which has a test of its own.
func commandsOf(t *testing.T, page, section string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, ". "+section+"\n")
	require.True(t, found, section)
	var lines []string
	for line := range strings.Lines(rest) {
		if strings.HasPrefix(line, "3. ") || strings.HasPrefix(line, "4. ") {
			break
		}
		command, is := strings.CutPrefix(line, "    ")
		switch {
		case !is, strings.HasPrefix(command, "sha256:"), strings.HasPrefix(command, "cosign"), strings.HasPrefix(command, "    --type"):
		default:
			lines = append(lines, command)
		}
	}
	require.NotEmpty(t, lines)
	return strings.Join(lines, "")
}

// startKit builds a kit that is signed by keys, and returns its START-HERE.txt.
func startKit(t *testing.T, dir string, keys ...string) string {
	t.Helper()
	build := "stella offline-kit build --name acme --channel stable --kit-version 3 --document app.tar.gz -o kit"
	for _, key := range keys {
		build += " --key " + key
	}
	status, out := shell(t, dir, build)
	require.Zero(t, status, out)
	page, err := os.ReadFile(filepath.Join(dir, "kit", "START-HERE.txt"))
	require.NoError(t, err)
	return string(page)
}

func startWorld(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("START-HERE has lines for a Unix shell")
	}
	dir := t.TempDir()
	testkit.Tool(t, dir, "openssl", "version")
	testkit.Tool(t, dir, "sha256sum", "--version")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "examples"))))
	return dir
}

// TestStartHere types what START-HERE says of checking a kit with the programs of the
// system, for each kind of key; and again after each thing that could be changed.
func TestStartHere(t *testing.T) {
	for _, algorithm := range []string{"ecdsa-p256", "ecdsa-p384", "rsa-3072", "ed25519"} {
		t.Run(algorithm, func(t *testing.T) {
			dir := startWorld(t)
			status, out := shell(t, dir, "stella keys generate --no-passphrase --algorithm "+algorithm+" -o key && cp key.pub builder.pub")
			require.Zero(t, status, out)
			page := startKit(t, dir, "key")
			recipe := "cd kit\nset -e\n" + commandsOf(t, page, "Check the kit before anything of it runs")
			status, out = shell(t, dir, recipe)
			assert.Zero(t, status, out)
			assert.Regexp(t, `(?m)^(Verified OK|Signature Verified Successfully)$`, out)
			assert.Contains(t, out, "manifest.json and checksums.txt: OK\n")

			subjects := `[{"digest":{"sha256":"%s"},"name":"manifest.json"},{"digest":{"sha256":"%s"},"name":"checksums.txt"}]`
			digests := ` $(sha256sum < kit/manifest.json | cut -c 1-64) $(sha256sum < kit/checksums.txt | cut -c 1-64)`
			for what, change := range map[string]string{
				"a file":                    "printf x >> kit/payload/documents/app.tar.gz",
				"the list":                  "printf '%064d  payload/x\\n' 0 > kit/checksums.txt && : > kit/payload/x",
				"the manifest":              "printf ' ' >> kit/manifest.json",
				"the statement":             `sed -i 's/"payload":"eyJf/"payload":"eyJg/' kit/statement.dsse.json`,
				"the type of the statement": `stella sign sbom sbom.cdx.json --key ../key --subject kit/manifest.json --subject kit/checksums.txt --envelope dsse -o x && mv x kit/statement.dsse.json`,
				"the statement, for one that holds it": `printf '{"a":1,"predicateType":"stella.ops/offlineKit@v1","subject":` + subjects + `}'` + digests + ` > p.json && ` +
					`stella sign statement p.json --type https://example.com/x --subject kit/manifest.json --key ../key --envelope dsse -o x && mv x kit/statement.dsse.json`,
				"the key": "openssl genpkey -algorithm ed25519 -out other && openssl pkey -in other -pubout -out builder.pub",
			} {
				status, out := shell(t, dir, "rm -rf copy && mkdir copy && cp -r kit builder.pub sbom.cdx.json copy && cd copy && "+change)
				require.Zero(t, status, "%s: %s", what, out)
				_, out = shell(t, dir, "cd copy && "+recipe)
				whole := strings.Contains(out, "manifest.json and checksums.txt: OK\n") && (strings.Contains(out, "Verified OK") || strings.Contains(out, "Verified Successfully"))
				assert.False(t, whole, "%s was changed, and everything is well:\n%s", what, out)
			}
		})
	}
}

// TestStartHereNamesAllKeys has several kinds of keys sign one kit.
func TestStartHereNamesAllKeys(t *testing.T) {
	dir := startWorld(t)
	status, out := shell(t, dir, "stella keys generate --no-passphrase -o one && stella keys generate --no-passphrase --algorithm ed25519 -o two && cp one.pub builder.pub")
	require.Zero(t, status, out)
	page := startKit(t, dir, "one", "two")
	assert.Contains(t, page, "ecdsa-p256\n")
	assert.Contains(t, page, "ed25519\n")
	_, out = shell(t, dir, "cd kit\n"+commandsOf(t, page, "Check the kit before anything of it runs"))
	assert.Contains(t, out, "Verified OK")
	status, out = shell(t, dir, "cd kit && stella offline-kit verify . --key ../builder.pub")
	assert.Zero(t, status, out)
}

// TestStartHereIsUsed types what START-HERE says of using a kit, on a machine that
// has nothing yet but the digest of the root.
func TestStartHereIsUsed(t *testing.T) {
	dir := startWorld(t)
	status, out := shell(t, dir, strings.Join([]string{
		"set -e", "umask 022", "mkdir auditor",
		"stella keys generate --no-passphrase --algorithm ed25519 -o key && cp key.pub builder.pub",
		"stella trust publish init acme --root-key key.pub --key key.pub",
		"stella trust publish add-key acme key.pub --type '*'",
		"stella trust publish sign acme --key key",
		"stella trust publish export acme -o export",
		"stella sign sbom sbom.cdx.json --key key -o att.sigstore.json",
		"stella offline-kit build --name acme --channel stable --kit-version 3 --trust export --evidence att.sigstore.json --key key -o kit",
	}, "\n"))
	require.Zero(t, status, out)
	page, err := os.ReadFile(filepath.Join(dir, "kit", "START-HERE.txt"))
	require.NoError(t, err)
	digest := "$(sha256sum < trust/metadata/1.root.json | cut -c1-64)"
	typed := strings.ReplaceAll(commandsOf(t, string(page), "Use it"), "HEX", digest)
	status, out = shell(t, dir, "set -e\numask 022\nexport XDG_DATA_HOME=$PWD/auditor\ncd kit\n"+typed)
	require.Zero(t, status, out)
	assert.Contains(t, out, "payload/evidence/att.sigstore.json")
	assert.Contains(t, out, "rooted: bundle default")
	entries, err := os.ReadDir(filepath.Join(dir, "auditor", "stella", "kits", "stable", "payloads"))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "the kit was imported")
}

// TestStartHerePage has the same words as the text, and shows nothing but them.
func TestStartHerePage(t *testing.T) {
	dir := startWorld(t)
	status, out := shell(t, dir, "stella keys generate --no-passphrase -o key")
	require.Zero(t, status, out)
	text := startKit(t, dir, "key")
	b, err := os.ReadFile(filepath.Join(dir, "kit", "START-HERE.html"))
	require.NoError(t, err)
	page := string(b)
	for line := range strings.Lines(text) {
		if command, is := strings.CutPrefix(line, "    "); is {
			assert.Contains(t, html.UnescapeString(page), strings.TrimRight(command, "\n"))
		}
	}
	assert.Contains(t, page, "default-src 'none'")
	assert.NotContains(t, page, "<script")
	assert.NotContains(t, page, "href")
}

// TestSmallMedia types what START-HERE says of cutting an archive into parts, and misses
// the last one.
func TestSmallMedia(t *testing.T) {
	dir := startWorld(t)
	status, out := shell(t, dir, "stella keys generate --no-passphrase -o builder && mv builder.pub builder.key.pub && cp builder.key.pub builder.pub")
	require.Zero(t, status, out)
	page := startKit(t, dir, "builder")
	status, out = shell(t, dir, "stella offline-kit build --from kit -o acme-stable-3.tar.zst")
	require.Zero(t, status, out)
	_, rest, found := strings.Cut(page, "Small media\n")
	require.True(t, found)
	var lines []string
	for line := range strings.Lines(rest) {
		if command, is := strings.CutPrefix(line, "    "); is {
			lines = append(lines, strings.TrimSpace(command))
		}
	}
	require.Len(t, lines, 3)
	status, out = shell(t, dir, strings.Replace(lines[0], "3900M", "1k", 1)+" && mv acme-stable-3.tar.zst whole && "+lines[1]+" && "+lines[2]+" && cmp whole acme-stable-3.tar.zst")
	assert.Zero(t, status, out)
	status, out = shell(t, dir, "rm $(ls *.part-* | tail -1) && "+lines[1])
	assert.Equal(t, 4, status, out)
	assert.Contains(t, out, "is a part of it missing")
}

// TestStartHereEscapes shows a hostile label as what it is.
func TestStartHereEscapes(t *testing.T) {
	dir := startWorld(t)
	status, out := shell(t, dir, `stella keys generate --no-passphrase -o key && stella offline-kit build --name acme --channel stable --kit-version 3 --label '</title><script>alert(1)</script>' --document app.tar.gz --key key -o kit`)
	require.Zero(t, status, out)
	b, err := os.ReadFile(filepath.Join(dir, "kit", "START-HERE.html"))
	require.NoError(t, err)
	assert.NotContains(t, string(b), "<script>")
	assert.Contains(t, string(b), "&lt;script&gt;")
}
