package bundle_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// stamped puts a time stamp into a bundle.
func stamped(t testing.TB, b, response []byte) ([]byte, error) {
	t.Helper()
	f := input.FromBytes("evidence", b)
	items, _, err := bundle.Read(f)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = bundle.WriteStamped(&out, f, &items[0], response)
	return out.Bytes(), err
}

func responses(t testing.TB, b []byte) [][]byte {
	t.Helper()
	items, _, err := read(b)
	require.NoError(t, err, "%s", b)
	got, err := items[0].Material.TimestampResponses()
	require.NoError(t, err)
	return got
}

// A time stamp is put where it belongs, and nothing else changes.
func TestWriteStamped(t *testing.T) {
	first, second := []byte("a response"), []byte("another")
	stamp := `{"rfc3161Timestamps":[{"signedTimestamp":"` + b64(first) + `"}]}`
	inside := `"verificationMaterial":{"publicKey":{"hint":"x"}%s}`
	rest := `,"dsseEnvelope":` + envelope + "}\n"
	tests := map[string]struct{ member, want string }{
		"none":   {"", `,"timestampVerificationData":` + stamp},
		"empty":  {`,"timestampVerificationData":{}`, `,"timestampVerificationData":` + stamp},
		"null":   {` , "timestampVerificationData" : null`, ` , "timestampVerificationData" : ` + stamp},
		"spaces": {"  ", `  ,"timestampVerificationData":` + stamp},
		"one": {`,"timestampVerificationData":{ "rfc3161Timestamps": [ {"signedTimestamp":"` + b64(second) + `"} ] }`,
			`,"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"` + b64(second) + `"},{"signedTimestamp":"` + b64(first) + `"}]}`},
		"before others": {`,"timestampVerificationData":{},"tlogEntries":[{"logIndex":"1"}]`, `,"timestampVerificationData":` + stamp + `,"tlogEntries":[{"logIndex":"1"}]`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := stamped(t, []byte(`{`+media+`,`+fmt.Sprintf(inside, tt.member)+rest), first)
			require.NoError(t, err)
			assert.Equal(t, `{`+media+`,`+fmt.Sprintf(inside, tt.want)+rest, string(got))
			again, err := stamped(t, got, []byte("a third"))
			require.NoError(t, err)
			assert.Len(t, responses(t, again), len(responses(t, got))+1)
		})
	}
	t.Run("material last, after a long payload", func(t *testing.T) {
		long := `{"dsseEnvelope":{"payload":"` + b64(bytes.Repeat([]byte("x"), 3<<20)) + `","payloadType":"t","signatures":[{"sig":"AAAA"}]},` + media + `,` + material + `}`
		got, err := stamped(t, []byte(long), first)
		require.NoError(t, err)
		assert.Equal(t, [][]byte{first}, responses(t, got))
		assert.Equal(t, long, strings.Replace(string(got), `,"timestampVerificationData":`+stamp, "", 1))
	})
	for version, signer := range map[string]string{"0.1": "x509CertificateChain", "0.2": "x509CertificateChain"} {
		b := `{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=` + version + `","verificationMaterial":{"` + signer +
			`":{"certificates":[{"rawBytes":"AAAA"}]}},"messageSignature":{"signature":"AAAA"}}`
		got, err := stamped(t, []byte(b), first)
		require.NoError(t, err)
		assert.Equal(t, [][]byte{first}, responses(t, got))
	}
}

func TestWriteStampedRefuses(t *testing.T) {
	full := []byte(sigstore)
	var err error
	for i := range bundle.MaxTimestamps {
		full, err = stamped(t, full, fmt.Append(nil, i))
		require.NoError(t, err)
	}
	tests := map[string]struct {
		in   string
		want fault.Reason
	}{
		"bare envelope":      {envelope, fault.BundleRequired},
		"cosign bundle":      {`{"base64Signature":"` + ecdsaSig + `"}`, fault.BundleRequired},
		"detached signature": {ecdsaSig, fault.BundleRequired},
		"list":               {`[` + sigstore + `]`, fault.BundleRequired},
		"one line of many":   {sigstore + "\n" + sigstore, fault.BundleRequired},
		"the same again":     {string(full), fault.InputTooLarge},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := stamped(t, []byte(tt.in), []byte("new"))
			require.Error(t, err)
			assert.Equal(t, tt.want, fault.ReasonOf(err), err)
			assert.Equal(t, tt.want == fault.BundleRequired, fault.HintOf(err) != "")
		})
	}
	one, err := stamped(t, []byte(sigstore), []byte("x"))
	require.NoError(t, err)
	_, err = stamped(t, one, []byte("x"))
	assert.ErrorContains(t, err, "already")
}

// A list of time stamps is read also where nobody asks for the time.
func TestMalformedTimestampsAreMalformed(t *testing.T) {
	for _, stamps := range []string{
		`{"x":1}`, `[]`, `{"rfc3161Timestamps":{}}`, `{"rfc3161Timestamps":[{"signedTimestamp":"AAAA","x":1}]}`,
		`{"rfc3161Timestamps":[{"signedTimestamp":true}]}`, `{"rfc3161Timestamps":[{"signedTimestamp":"*"}]}`,
	} {
		_, _, err := read([]byte(strings.Replace(sigstore, `{"publicKey"`, `{"timestampVerificationData":`+stamps+`,"publicKey"`, 1)))
		assert.Equal(t, fault.BundleMalformed, fault.ReasonOf(err), "%s: %v", stamps, err)
	}
}

// A bundle that is cut short meanwhile is noticed.
func TestWriteStampedOfAChangedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bundle.json")
	require.NoError(t, os.WriteFile(path, []byte(sigstore), 0o600))
	f, err := input.Open(path, nil, input.MaxEvidence)
	require.NoError(t, err)
	defer f.Close()
	items, _, err := bundle.Read(f)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, int64(len(sigstore))-1))
	err = bundle.WriteStamped(&bytes.Buffer{}, f, &items[0], []byte("x"))
	require.Error(t, err)
	assert.Equal(t, fault.InputChanged, fault.ReasonOf(err))
}

// FuzzWriteStamped: whatever takes a time stamp is still the bundle that it was.
func FuzzWriteStamped(f *testing.F) {
	f.Add([]byte(sigstore))
	f.Add([]byte(strings.Replace(sigstore, `{"publicKey"`, `{"timestampVerificationData":{"rfc3161Timestamps":[]},"publicKey"`, 1)))
	f.Add([]byte("{\"verificationMaterial\":{\"certificate\":{\"rawBytes\":\"AAAA\"} } ," + media + ",\"messageSignature\":{\"signature\":\"AAAA\"}}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := input.FromBytes("evidence", b)
		items, _, err := bundle.Read(in)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := bundle.WriteStamped(&out, in, &items[0], []byte("response")); err != nil {
			assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), err)
			return
		}
		again, _, err := read(out.Bytes())
		require.NoError(t, err)
		require.Len(t, again, 1)
		assert.Equal(t, items[0].Material.Certificates, again[0].Material.Certificates)
		assert.Equal(t, items[0].Material.KeyHint, again[0].Material.KeyHint)
		assert.Equal(t, items[0].Material.LogEntries, again[0].Material.LogEntries)
		before, err := items[0].Material.TimestampResponses()
		require.NoError(t, err)
		after, err := again[0].Material.TimestampResponses()
		require.NoError(t, err)
		assert.Equal(t, append(before, []byte("response")), after)
	})
}
