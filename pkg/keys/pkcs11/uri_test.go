package pkcs11_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/pkcs11"
)

func parse(t testing.TB, s string) (pkcs11.URI, error) {
	t.Helper()
	ref, err := keys.ParseRef(s)
	if err != nil {
		return pkcs11.URI{}, err
	}
	return pkcs11.ParseURI(ref)
}

func TestParseURI(t *testing.T) {
	for _, row := range []struct {
		name, in string
		want     pkcs11.URI
		text     string // the normal form, where it is not in
	}{
		{name: "nothing", in: "pkcs11:", want: pkcs11.URI{}},
		{name: "usual", in: "pkcs11:token=T;object=release", want: pkcs11.URI{Token: "T", Object: "release"}},
		{
			name: "as p11tool prints",
			in:   "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=2f9c;token=stella;id=%01;object=p256;type=private",
			want: pkcs11.URI{
				Token: "stella", Manufacturer: "SoftHSM project", Model: "SoftHSM v2", Serial: "2f9c",
				ID: []byte{1}, Object: "p256", Type: "private",
			},
			text: "pkcs11:token=stella;manufacturer=SoftHSM%20project;model=SoftHSM%20v2;serial=2f9c;id=%01;object=p256;type=private",
		},
		{name: "id of any bytes", in: "pkcs11:id=%00%ff%3bA", want: pkcs11.URI{ID: []byte("\x00\xff;A")}, text: "pkcs11:id=%00%FF%3B%41"},
		{name: "slot", in: "pkcs11:slot-id=4294967295", want: pkcs11.URI{SlotID: "4294967295"}},
		{name: "scheme in capitals", in: "PKCS11:token=T", want: pkcs11.URI{Token: "T"}, text: "pkcs11:token=T"},
		{name: "characters of the grammar", in: "pkcs11:object=-._~:[]@!$'()*+,=&", want: pkcs11.URI{Object: "-._~:[]@!$'()*+,=&"}},
		{name: "other characters", in: "pkcs11:object=a%2Fb%3F%23%c3%bc", want: pkcs11.URI{Object: "a/b?#ü"}, text: "pkcs11:object=a%2Fb%3F%23%C3%BC"},
		{
			name: "query", in: "pkcs11:token=T?pin-source=file:/run/pin&module-path=/m.so",
			want: pkcs11.URI{Token: "T", PINSource: "file:/run/pin", ModulePath: "/m.so"},
			text: "pkcs11:token=T?module-path=%2Fm.so&pin-source=file%3A%2Frun%2Fpin",
		},
		{
			name: "query of ours", in: "pkcs11:?module-name=softhsm2&pin-file=p%20q&pin-env=P",
			want: pkcs11.URI{ModuleName: "softhsm2", PINFile: "p q", PINEnv: "P"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := parse(t, row.in)
			require.NoError(t, err)
			assert.Equal(t, row.want, got)
			text := row.text
			if text == "" {
				text = row.in
			}
			assert.Equal(t, text, got.String())
			again, err := parse(t, got.String())
			require.NoError(t, err)
			assert.Equal(t, got, again)
			ref, err := got.Ref()
			require.NoError(t, err)
			assert.Equal(t, "pkcs11", ref.Scheme())
		})
	}
}

// TestParseURIRefuses also looks for 987654, which stands for a PIN.
func TestParseURIRefuses(t *testing.T) {
	for _, row := range []struct{ name, in, message, hint string }{
		{"other scheme", "release.key", `scheme "file"`, ""},
		{"pin in the path", "pkcs11:token=T;pin-value=987654", "other users can read it", "pin-source=file:PATH"},
		{"pin in the query", "pkcs11:token=T?pin-value=987654", "other users can read it", "--pin-file"},
		{"pin after a wrong question mark", "pkcs11:token=T?pin-value=987654?module-name=x", "percent-encoded", "%3F"},
		{"no value", "pkcs11:token=T;987654", "not NAME=VALUE", ""},
		{"no name", "pkcs11:token=T;=987654", "not NAME=VALUE", ""},
		{"empty part", "pkcs11:token=T;", "not NAME=VALUE", ""},
		{"empty value", "pkcs11:token=", `"token" is empty`, "leave it out"},
		{"twice", "pkcs11:token=T;token=U", `"token" stands twice`, ""},
		{"twice the id", "pkcs11:id=%01;id=%01", `"id" stands twice`, ""},
		{"twice in the query", "pkcs11:?module-name=a&module-name=b", "stands twice", ""},
		{"unknown", "pkcs11:tokne=T", `unknown attribute "tokne"`, "attributes are token, manufacturer, model, serial, slot-id, object, type, id"},
		{"of another kind", "pkcs11:987654=x", "unknown attribute", "attributes are"},
		{"vendor", "pkcs11:x-vendor=x", `unknown attribute "x-vendor"`, ""},
		{"case counts", "pkcs11:Token=T", "unknown attribute", ""},
		{"unknown in the query", "pkcs11:token=T?max-sessions=3", `unknown option "max-sessions"`, "module-path, module-name, pin-source, pin-file, pin-env"},
		{"path attribute in the query", "pkcs11:?token=T", `unknown option "token"`, ""},
		{"query attribute in the path", "pkcs11:module-name=x", `"module-name" stands before`, "pkcs11:…?module-name=…"},
		{"space", "pkcs11:object=my key", "percent-encoded", "%20"},
		{"slash", "pkcs11:object=a/b", "percent-encoded", "%2F"},
		{"not ASCII", "pkcs11:object=ü", "percent-encoded", ""},
		{"cut percent", "pkcs11:object=%4", "two hex digits", ""},
		{"cut percent at the end", "pkcs11:object=%", "two hex digits", ""},
		{"wrong percent", "pkcs11:object=%zz", "two hex digits", ""},
		{"sign after percent", "pkcs11:object=%+4", "two hex digits", ""},
		{"not UTF-8", "pkcs11:object=%ff", "not UTF-8", ""},
		{"zero byte", "pkcs11:object=a%00", "not UTF-8", ""},
		{"slot that is no number", "pkcs11:slot-id=987654x", "slot-id", ""},
		{"slot with a sign", "pkcs11:slot-id=+1", "slot-id", ""},
		{"slot with leading zero", "pkcs11:slot-id=01", "slot-id", ""},
		{"slot too large", "pkcs11:slot-id=4294967296", "slot-id", ""},
		{"type", "pkcs11:type=987654", "unknown type", "private, public, cert"},
		{"two modules", "pkcs11:?module-path=/a&module-name=b", "both name a module", ""},
		{"module name that is a path", "pkcs11:?module-name=a/b", "is a path", "module-path"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := parse(t, row.in)
			require.Error(t, err)
			assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, row.message)
			assert.Contains(t, fault.HintOf(err), row.hint)
			assert.NotContains(t, err.Error()+fault.HintOf(err), "987654")
		})
	}
}

// FuzzParseURI has what parses be written and parse again as the same.
func FuzzParseURI(f *testing.F) {
	for _, seed := range []string{
		"", "token=T;object=release", "id=%00%ff;slot-id=3;type=private",
		"token=T?module-path=/m.so&pin-source=file:/p", "token=a%2Fb?pin-file=a%3Fb&pin-env=P",
		"serial=%C3%BC;model=a%20b;manufacturer=c?module-name=d", "token=T;pin-value=1", "id=%", "=", ";", "?",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := parse(t, "pkcs11:"+s)
		if err != nil {
			reason := fault.ReasonOf(err)
			require.Equal(t, fault.UsageInvalid, reason)
			return
		}
		if len(u.String()) > 8<<10 {
			t.Skip("percent-encoding made it longer than a reference may be")
		}
		again, err := parse(t, u.String())
		require.NoError(t, err, "%q", u.String())
		require.Equal(t, u, again)
		require.Equal(t, u.String(), again.String())
	})
}
