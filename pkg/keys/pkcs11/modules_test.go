package pkcs11

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// machine is a machine with modules in places of its own.
func machine(t *testing.T, files map[string]string) (places, string) {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return places{
		configs:   []string{filepath.Join(root, "etc"), filepath.Join(root, "share")},
		libraries: []string{filepath.Join(root, "lib")},
		names:     []string{"softhsm/libsofthsm2.so", "opensc-pkcs11.so"},
		proxies:   []string{"p11-kit-proxy.so"},
	}, root
}

func TestModules(t *testing.T) {
	for _, row := range []struct {
		name  string
		files map[string]string
		want  []Module // paths below the machine's root
	}{
		{"none", nil, nil},
		{"well known", map[string]string{"lib/softhsm/libsofthsm2.so": ""}, []Module{{"softhsm2", "lib/softhsm/libsofthsm2.so"}}},
		{
			"relative to p11-kit's directory, before the plain one",
			map[string]string{"share/a.module": "module: libvendor.so", "lib/pkcs11/libvendor.so": "", "lib/libvendor.so": ""},
			[]Module{{"vendor", "lib/pkcs11/libvendor.so"}},
		},
		{
			"configuration first, and no file twice",
			map[string]string{"share/o.module": "module: opensc-pkcs11.so", "lib/opensc-pkcs11.so": "", "lib/softhsm/libsofthsm2.so": ""},
			[]Module{{"opensc-pkcs11", "lib/opensc-pkcs11.so"}, {"softhsm2", "lib/softhsm/libsofthsm2.so"}},
		},
		{
			"the administrator's file overrides",
			map[string]string{"etc/a.module": "module: b.so", "share/a.module": "module: c.so", "lib/b.so": "", "lib/c.so": ""},
			[]Module{{"b", "lib/b.so"}},
		},
		{
			"an empty file of the administrator switches off",
			map[string]string{"etc/a.module": "", "share/a.module": "module: c.so", "lib/c.so": ""}, nil,
		},
		{"certificates of the system", map[string]string{"share/t.module": "module: t.so\ntrust-policy: yes", "lib/t.so": ""}, nil},
		{"disabled here", map[string]string{"share/t.module": "module: t.so\ndisable-in: curl, stella", "lib/t.so": ""}, nil},
		{"enabled elsewhere", map[string]string{"share/t.module": "module: t.so\nenable-in: curl", "lib/t.so": ""}, nil},
		{"enabled here", map[string]string{"share/t.module": "enable-in: curl stella\nmodule: t.so", "lib/t.so": ""}, []Module{{"t", "lib/t.so"}}},
		{"library that is not there", map[string]string{"share/t.module": "module: t.so"}, nil},
		{"other files", map[string]string{"share/README": "module: t.so", "lib/t.so": ""}, nil},
		{"proxy alone", map[string]string{"lib/p11-kit-proxy.so": ""}, []Module{{"p11-kit-proxy", "lib/p11-kit-proxy.so"}}},
		{
			"proxy beside others", map[string]string{"lib/p11-kit-proxy.so": "", "lib/opensc-pkcs11.so": ""},
			[]Module{{"opensc-pkcs11", "lib/opensc-pkcs11.so"}},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, root := machine(t, row.files)
			var want []Module
			for _, m := range row.want {
				want = append(want, Module{m.Name, filepath.Join(root, m.Path)})
			}
			assert.Equal(t, want, p.modules())
		})
	}
}

func TestModulesSymlink(t *testing.T) {
	p, root := machine(t, map[string]string{"lib/opensc-pkcs11.so": "", "share/a.module": "module: other.so"})
	require.NoError(t, os.Symlink("opensc-pkcs11.so", filepath.Join(root, "lib/other.so")))
	assert.Len(t, p.modules(), 1)
}

func TestChoose(t *testing.T) {
	p, root := machine(t, map[string]string{"lib/opensc-pkcs11.so": "", "lib/softhsm/libsofthsm2.so": ""})
	empty, _ := machine(t, nil)
	opensc := filepath.Join(root, "lib/opensc-pkcs11.so")
	softhsm := filepath.Join(root, "lib/softhsm/libsofthsm2.so")
	for _, row := range []struct {
		name       string
		places     places
		uri        URI
		configured string
		want       []string
		reason     fault.Reason
		hint       string
	}{
		{name: "path in the reference first", places: p, uri: URI{ModulePath: "/m.so"}, configured: "/c.so", want: []string{"/m.so"}},
		{name: "name in the reference", places: p, uri: URI{ModuleName: "opensc-pkcs11"}, configured: "/c.so", want: []string{opensc}},
		{name: "setting", places: p, configured: "/c.so", want: []string{"/c.so"}},
		{name: "usual places", places: p, want: []string{softhsm, opensc}},
		{name: "relative path", places: p, uri: URI{ModulePath: "m.so"}, reason: fault.UsageInvalid, hint: "whole path"},
		{name: "relative setting", places: p, configured: "m.so", reason: fault.UsageInvalid, hint: "whole path"},
		{name: "name that is near", places: p, uri: URI{ModuleName: "softhsm"}, reason: fault.ModuleFailed, hint: `did you mean "softhsm2"?`},
		{name: "nothing anywhere", places: empty, reason: fault.ModuleFailed, hint: "STELLA_PKCS11_MODULE"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.places.choose(row.uri, row.configured)
			if row.reason == "" {
				require.NoError(t, err)
				assert.Equal(t, row.want, got)
				return
			}
			assert.Equal(t, row.reason, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, fault.HintOf(err), row.hint)
		})
	}
}

// FuzzParseModuleConfig has a file of any content name a module or none.
func FuzzParseModuleConfig(f *testing.F) {
	for _, seed := range []string{
		"# a comment\nmodule: opensc-pkcs11.so\n", "module: a.so\ntrust-policy: yes\npriority: 1",
		"disable-in: p11-kit-proxy, stella\r\nmodule:/abs.so", ":\n:::", "module", "enable-in:",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c := parseModuleConfig(content)
		require.Equal(t, c, parseModuleConfig(append(content, "\nnonsense"...)))
		if c.wanted() {
			require.NotEmpty(t, c.module)
		}
	})
}
