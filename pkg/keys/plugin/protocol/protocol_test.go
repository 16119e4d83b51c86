package protocol_test

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// echo is a key that gives back what it was given.
type echo struct{ fails error }

func (e echo) DefaultAlgorithm() string      { return "a" }
func (e echo) SupportedAlgorithms() []string { return []string{"a", "b"} }

func (e echo) CreateKey(_ context.Context, algorithm string) ([]byte, error) {
	return []byte(algorithm), e.fails
}

func (e echo) PublicKey(context.Context) ([]byte, error) { return []byte("pem"), e.fails }

func (e echo) Sign(ctx context.Context, message io.Reader, _ protocol.MessageOptions) ([]byte, error) {
	b, err := io.ReadAll(message)
	if _, ok := ctx.Deadline(); !ok {
		return nil, errors.New("no deadline")
	}
	return b, errors.Join(err, e.fails)
}

func (e echo) Verify(_ context.Context, message io.Reader, sig []byte, _ protocol.MessageOptions) error {
	b, err := io.ReadAll(message)
	if err == nil && !bytes.Equal(b, sig) {
		err = fault.New(fault.SignatureMismatch, "no")
	}
	return err
}

// serve runs a plugin over echo.
func serve(t *testing.T, request, stdin string, fails error) (int, string) {
	t.Helper()
	var out strings.Builder
	status := protocol.Serve([]string{"p", "v1", request}, strings.NewReader(stdin), &out, func(o *protocol.InitOptions) (protocol.Key, error) {
		assert.Equal(t, "k", o.KeyResourceID)
		return echo{fails}, nil
	})
	return status, out.String()
}

// TestServe uses the requests that sigstore's own host writes.
func TestServe(t *testing.T) {
	const init = `{"initOptions":{"ctxDeadline":"2125-04-01T02:47:00Z","protocolVersion":"v1","keyResourceID":"k","hashFunc":5,"rpcOptions":{"keyVersion":"","remoteVerification":false}},`
	for name, row := range map[string]struct {
		request, stdin string
		fails          error
		status         int
		answer         string
	}{
		"default":     {`"methodName":"defaultAlgorithm","defaultAlgorithm":{}}`, "", nil, 0, `{"defaultAlgorithm":{"defaultAlgorithm":"a"}}`},
		"supported":   {`"methodName":"supportedAlgorithms","supportedAlgorithms":{}}`, "", nil, 0, `{"supportedAlgorithms":{"supportedAlgorithms":["a","b"]}}`},
		"create":      {`"methodName":"createKey","createKey":{"algorithm":"b"}}`, "", nil, 0, `{"createKey":{"publicKeyPEM":"Yg=="}}`},
		"public":      {`"methodName":"publicKey","publicKey":{"publicKeyOptions":{"rpcOptions":{"keyVersion":""}}}}`, "", nil, 0, `{"publicKey":{"publicKeyPEM":"cGVt"}}`},
		"sign":        {`"methodName":"signMessage","signMessage":{"signOptions":{"rpcOptions":{},"messageOptions":{"digest":null,"hashFunc":5}}}}`, "message", nil, 0, `{"signMessage":{"signature":"bWVzc2FnZQ=="}}`},
		"verify":      {`"methodName":"verifySignature","verifySignature":{"signature":"bQ==","verifyOptions":{"rpcOptions":{},"messageOptions":{}}}}`, "m", nil, 0, `{"verifySignature":{}}`},
		"mismatch":    {`"methodName":"verifySignature","verifySignature":{"signature":"bQ=="}}`, "n", nil, 1, `{"errorMessage":"signature.mismatch: no"}`},
		"failure":     {`"methodName":"publicKey"}`, "", fault.New(fault.KeyNotFound, "gone"), 1, `{"errorMessage":"key.not_found: gone"}`},
		"other":       {`"methodName":"publicKey"}`, "", errors.New("boom"), 1, `{"errorMessage":"boom"}`},
		"no method":   {`"methodName":"destroyKey"}`, "", nil, 1, `{"errorMessage":"usage.invalid: the request has no key, no method or no arguments"}`},
		"no argument": {`"methodName":"signMessage"}`, "", nil, 1, `{"errorMessage":"usage.invalid: the request has no key, no method or no arguments"}`},
		"no JSON":     {`x`, "", nil, 1, `{"errorMessage":"usage.invalid: malformed request"}`},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := serve(t, init+row.request, row.stdin, row.fails)
			assert.Equal(t, row.status, status)
			assert.Equal(t, row.answer, answer)
		})
	}
}

// TestArgsAreSigstores compares a request with what sigstore's host writes (its
// TestPluginArgsJSON), but for the spaces and for members that may be left out.
func TestArgsAreSigstores(t *testing.T) {
	deadline, hash := time.Date(2025, 4, 1, 2, 47, 0, 0, time.UTC), uint(17)
	version, remote := "my-key-version", true
	rpc := protocol.RPCOptions{CtxDeadline: &deadline, KeyVersion: &version, RemoteVerification: &remote}
	args := protocol.Args{
		InitOptions: &protocol.InitOptions{
			CtxDeadline: &deadline, ProtocolVersion: protocol.Version, KeyResourceID: "testkms://testkey", HashFunc: 17, RPCOptions: rpc,
		},
		MethodName: protocol.VerifySignature,
		VerifySignature: &protocol.VerifySignatureArgs{
			Signature: []byte("any-signature"),
			VerifyOptions: protocol.Options{
				RPCOptions: rpc, MessageOptions: protocol.MessageOptions{Digest: []byte("anyDigest"), HashFunc: &hash},
			},
		},
	}
	got, err := json.Marshal(&args)
	require.NoError(t, err)
	const options = `{"ctxDeadline":"2025-04-01T02:47:00Z","keyVersion":"my-key-version","remoteVerification":true}`
	assert.Equal(t, `{"initOptions":{"ctxDeadline":"2025-04-01T02:47:00Z","protocolVersion":"v1","keyResourceID":"testkms://testkey","hashFunc":17,"rpcOptions":`+
		options+`},"methodName":"verifySignature","verifySignature":{"signature":"YW55LXNpZ25hdHVyZQ==","verifyOptions":{"rpcOptions":`+options+
		`,"messageOptions":{"digest":"YW55RGlnZXN0","hashFunc":17}}}}`, string(got))
	for method, args := range map[string]protocol.Args{
		protocol.DefaultAlgorithm:    {DefaultAlgorithm: &protocol.Empty{}},
		protocol.SupportedAlgorithms: {SupportedAlgorithms: &protocol.Empty{}},
	} {
		got, err := json.Marshal(&args)
		require.NoError(t, err)
		assert.Contains(t, string(got), `"`+method+`":{}`)
	}
}

func TestPublicKeyResource(t *testing.T) {
	spki := []byte{0x30, 0xff, 0x00}
	got, ok := protocol.ParsePublicKeyResource(protocol.PublicKeyResource(spki))
	assert.True(t, ok)
	assert.Equal(t, spki, got)
	for _, name := range []string{"", "k.pem", "./pkix:MP8A", "pkix:MP8A=", "pkix:MP9", "pkix:M P8", "PKIX:MP8A"} {
		_, ok := protocol.ParsePublicKeyResource(name)
		assert.Equal(t, false, ok, name)
	}
}

func FuzzParseArgs(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"initOptions":{},"methodName":"publicKey"}`, `{"initOptions":{"ctxDeadline":"x"}}`,
		`{"initOptions":{"keyResourceID":"k","hashFunc":5},"methodName":"signMessage","signMessage":{"signOptions":{"messageOptions":{"digest":"AAAA"}}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		args, err := protocol.ParseArgs([]string{"p", protocol.Version, text})
		if (err == nil) != (args != nil) || err == nil && args.InitOptions == nil {
			t.Fatal(args, err)
		}
		var out strings.Builder
		status := protocol.Serve([]string{"p", protocol.Version, text}, strings.NewReader(""), &out,
			func(*protocol.InitOptions) (protocol.Key, error) { return echo{}, nil })
		var response protocol.Response
		if err := json.Unmarshal([]byte(out.String()), &response); err != nil || (status == 0) != (response.ErrorMessage == "") {
			t.Fatal(status, out.String(), err)
		}
	})
}
