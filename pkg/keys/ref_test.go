package keys_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

func TestParseRef(t *testing.T) {
	for _, row := range []struct {
		name, in           string
		scheme, path, text string
		options            map[string]string
	}{
		{name: "path", in: "release.key", scheme: "file", path: "release.key"},
		{name: "absolute path", in: "/etc/keys/release.key", scheme: "file", path: "/etc/keys/release.key"},
		{name: "path with two slashes", in: "//server/share", scheme: "file", path: "//server/share"},
		{name: "windows path", in: `C:\keys\release.key`, scheme: "file", path: `C:\keys\release.key`},
		{name: "windows path with slash", in: "c:/keys/release.key", scheme: "file", path: "c:/keys/release.key"},
		{name: "colon after a slash", in: "./a:b", scheme: "file", path: "./a:b"},
		{name: "colon after a space", in: "a b:c", scheme: "file", path: "a b:c"},
		{name: "scheme file", in: "file:release.key", scheme: "file", path: "release.key", text: "release.key"},
		{name: "scheme in capitals", in: "FILE:release.key", scheme: "file", path: "release.key", text: "release.key"},
		{name: "file URI", in: "file:///k", scheme: "file", path: "/k", text: "/k"},
		{name: "file scheme around a colon", in: "file:aws:key", scheme: "file", path: "aws:key"},
		{name: "file scheme around itself", in: "file:file:key", scheme: "file", path: "file:key"},
		{
			name: "passphrase file", in: "k?passphrase-file=/run/p", scheme: "file", path: "k",
			options: map[string]string{"passphrase-file": "/run/p"}, text: "k?passphrase-file=%2Frun%2Fp",
		},
		{
			name: "passphrase variable of a windows path", in: `C:\k?passphrase-env=P`, scheme: "file", path: `C:\k`,
			options: map[string]string{"passphrase-env": "P"},
		},
		{
			name: "encoded value", in: "k?passphrase-file=a%3Fb%26c+d", scheme: "file", path: "k",
			options: map[string]string{"passphrase-file": "a?b&c+d"}, text: "k?passphrase-file=a%3Fb%26c%2Bd",
		},
		{name: "question mark in a name", in: "odd?name?", scheme: "file", path: "odd?name"},
		{name: "no options", in: "k?", scheme: "file", path: "k", text: "k"},
		{name: "pkcs11", in: "pkcs11:token=T;object=K", scheme: "pkcs11", path: "token=T;object=K"},
		{
			name: "pkcs11 with module", in: "pkcs11:token=T?module-path=/p.so&pin-source=file:/p", scheme: "pkcs11", path: "token=T",
			options: map[string]string{"module-path": "/p.so", "pin-source": "file:/p"},
			text:    "pkcs11:token=T?module-path=%2Fp.so&pin-source=file%3A%2Fp",
		},
		{name: "cloud", in: "awskms:///alias/release", scheme: "awskms", path: "///alias/release"},
		{name: "unknown", in: "nosuch:x", scheme: "nosuch", path: "x"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ref, err := keys.ParseRef(row.in)
			require.NoError(t, err)
			assert.Equal(t, row.scheme, ref.Scheme())
			assert.Equal(t, row.path, ref.Name())
			for name, want := range row.options {
				got, ok := ref.Option(name)
				assert.True(t, ok, name)
				assert.Equal(t, want, got)
			}
			want := row.text
			if want == "" {
				want = row.in
			}
			assert.Equal(t, want, ref.String())
			again, err := keys.ParseRef(ref.String())
			require.NoError(t, err)
			assert.Equal(t, ref, again, "what is written parses to the same")
		})
	}
}

func TestParseRefRefuses(t *testing.T) {
	for _, row := range []struct{ name, in, says string }{
		{"empty", "", "empty"},
		{"no path", "file:", "names no file"},
		{"no path with options", "?passphrase-env=P", "names no file"},
		{"host", "file://host/k", "names a host"},
		{"unknown option", "k?passfile=p", `"passfile"`},
		{"not an option", "what?s3cret", "malformed option"},
		{"option without value", "k?passphrase-file=", `"passphrase-file"`},
		{"option twice", "k?passphrase-env=A&passphrase-env=B", "twice"},
		{"bad encoding", "k?passphrase-file=%zz", `"passphrase-file"`},
		{"pin in a token reference", "pkcs11:token=T?pin-value=s3cret", `"pin-value"`},
		{"pin in a path", "k?PIN-value=s3cret", `"PIN-value"`},
		{"passphrase itself", "k?passphrase=s3cret", `"passphrase"`},
		{"zero byte", "k\x00", "zero byte"},
		{"too long", strings.Repeat("k", 9000), "over"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := keys.ParseRef(row.in)
			require.Error(t, err)
			assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err))
			assert.ErrorContains(t, err, row.says)
			assert.NotContains(t, err.Error()+fault.HintOf(err), "s3cret")
		})
	}
}

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"k", "file:k", "file:///k", "pkcs11:token=T?module-path=/x", "odd?name?", "file:a:b?", "?", "k?passphrase-file=a%20b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := keys.ParseRef(s)
		if err != nil {
			return
		}
		again, err := keys.ParseRef(ref.String())
		require.NoError(t, err)
		require.Equal(t, ref, again)
	})
}
