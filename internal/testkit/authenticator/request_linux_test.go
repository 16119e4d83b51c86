package authenticator_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

// with returns a request with members changed; a nil value takes one away.
func with(request map[int]any, changes map[int]any) map[int]any {
	maps.Copy(request, changes)
	maps.DeleteFunc(request, func(_ int, v any) bool { return v == nil })
	return request
}

func TestRequestsThatAreRefused(t *testing.T) {
	listed := func(n int) []any {
		return bytesOf(n, map[string]any{"id": []byte("someone"), "type": "public-key"})
	}
	assertion := func() map[int]any { return map[int]any{1: rpID, 2: make([]byte, 32)} }
	tests := map[string]struct {
		command authenticator.Command
		request map[int]any
		want    authenticator.Status
	}{
		"no hash":                 {1, with(creation(), map[int]any{1: nil}), authenticator.MissingParameter},
		"no user":                 {1, with(creation(), map[int]any{3: nil}), authenticator.MissingParameter},
		"no user id":              {1, with(creation(), map[int]any{3: map[string]any{"name": "x"}}), authenticator.MissingParameter},
		"short hash":              {1, with(creation(), map[int]any{1: make([]byte, 31)}), authenticator.InvalidParameter},
		"hash is text":            {1, with(creation(), map[int]any{1: "text"}), authenticator.CBORUnexpectedType},
		"RSA only":                {1, with(creation(), map[int]any{4: []any{map[string]any{"alg": -257, "type": "public-key"}}}), authenticator.UnsupportedAlgorithm},
		"creation without touch":  {1, with(creation(), map[int]any{7: map[string]any{"up": false}}), authenticator.InvalidOption},
		"enterprise attestation":  {1, with(creation(), map[int]any{10: 1}), authenticator.InvalidParameter},
		"long exclude list":       {1, with(creation(), map[int]any{5: listed(9)}), authenticator.LimitExceeded},
		"token without protocol":  {1, with(creation(), map[int]any{8: make([]byte, 16)}), authenticator.MissingParameter},
		"token of protocol 3":     {1, with(creation(), map[int]any{8: make([]byte, 16), 9: 3}), authenticator.InvalidParameter},
		"token without PIN":       {1, with(creation(), map[int]any{8: make([]byte, 16), 9: 1}), authenticator.PINNotSet},
		"assertion, no rp":        {2, with(assertion(), map[int]any{1: nil}), authenticator.MissingParameter},
		"assertion, empty list":   {2, with(assertion(), map[int]any{3: []any{}}), authenticator.InvalidParameter},
		"assertion, long list":    {2, with(assertion(), map[int]any{3: listed(9)}), authenticator.LimitExceeded},
		"assertion, unknown id":   {2, with(assertion(), map[int]any{3: listed(1)}), authenticator.NoCredentials},
		"assertion, rk":           {2, with(assertion(), map[int]any{5: map[string]any{"rk": true}}), authenticator.UnsupportedOption},
		"assertion, finger":       {2, with(assertion(), map[int]any{5: map[string]any{"uv": true}}), authenticator.InvalidOption},
		"nothing resident":        {2, assertion(), authenticator.NoCredentials},
		"next of nothing":         {8, nil, authenticator.NotAllowed},
		"unknown PIN subcommand":  {6, map[int]any{1: 1, 2: 0x33}, authenticator.InvalidSubcommand},
		"key of no protocol":      {6, map[int]any{2: 2}, authenticator.MissingParameter},
		"management without PIN":  {10, map[int]any{1: 1}, authenticator.PUATRequired},
		"management, unknown":     {10, map[int]any{1: 99}, authenticator.InvalidSubcommand},
		"next management":         {10, map[int]any{1: 3}, authenticator.NotAllowed},
		"unknown command":         {0x40, nil, authenticator.InvalidCommand},
		"longer than maxMsgSize":  {1, with(creation(), map[int]any{99: make([]byte, 1300)}), authenticator.RequestTooLarge},
		"without touch, for HMAC": {2, with(assertion(), map[int]any{4: map[string]any{"hmac-secret": map[int]any{}}, 5: map[string]any{"up": false}}), authenticator.UnsupportedOption},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, _ := open(t, authenticator.Start(t)).command(tt.command, tt.request)
			assert.Equal(t, tt.want, status)
		})
	}
}

func bytesOf(n int, v any) []any {
	var all []any
	for range n {
		all = append(all, v)
	}
	return all
}

func TestCBORIsCanonicalOrRefused(t *testing.T) {
	for name, coded := range map[string]string{
		"nothing":            "",
		"keys out of order":  "a2020101 01",
		"key twice":          "a20101 0101",
		"long integer":       "a1011801",
		"indefinite map":     "bf0101ff",
		"tag":                "a101c001",
		"trailing byte":      "a1010100",
		"deep":               "a101818181818100",
		"text is not UTF-8":  "a10161ff",
		"cut off":            "a101",
		"long integer alone": "1801",
	} {
		t.Run(name, func(t *testing.T) {
			b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(coded), []byte(" "), nil)))
			require.NoError(t, err)
			status, _ := open(t, authenticator.Start(t)).raw(append([]byte{byte(authenticator.ClientPIN)}, b...))
			assert.Equal(t, authenticator.InvalidCBOR, status)
		})
	}
}

// made makes a credential and returns its descriptor.
func (c *client) made(request map[int]any) map[string]any {
	c.t.Helper()
	status, answer := c.command(authenticator.MakeCredential, request)
	require.Equal(c.t, authenticator.OK, status)
	data := content[[]byte](c.t, answer[2])
	length := binary.BigEndian.Uint16(data[53:])
	return map[string]any{"id": data[55 : 55+length], "type": "public-key"}
}

func TestTheExcludeList(t *testing.T) {
	d := authenticator.Start(t)
	c := open(t, d)
	old := c.made(creation())
	status, _ := c.command(authenticator.MakeCredential, with(creation(), map[int]any{5: []any{old}}))
	assert.Equal(t, authenticator.CredentialExcluded, status)
	elsewhere := with(creation(), map[int]any{2: map[string]any{"id": "another"}, 5: []any{old}})
	c.made(elsewhere)
	assert.Len(t, d.Credentials(), 2)
}

func TestResidentCredentials(t *testing.T) {
	resident := func(user string) map[int]any {
		return with(creation(), map[int]any{3: map[string]any{"id": []byte(user)}, 7: map[string]any{"rk": true}})
	}
	d := authenticator.Start(t, authenticator.WithSlots(2))
	c := open(t, d)
	c.made(resident("alice"))
	c.made(resident("bob"))
	status, _ := c.command(authenticator.MakeCredential, resident("carol"))
	assert.Equal(t, authenticator.KeyStoreFull, status)
	again := c.made(resident("alice"))
	require.Len(t, d.Credentials(), 2, "the same user's is replaced")
	assert.Equal(t, again["id"], d.Credentials()[1].ID)

	all := map[int]any{1: rpID, 2: make([]byte, 32)}
	status, _ = c.command(authenticator.GetAssertion, all)
	require.Equal(t, authenticator.OK, status)
	neighbour := *c
	neighbour.channel = c.allocate()
	status, _ = neighbour.command(authenticator.GetNextAssertion, nil)
	assert.Equal(t, authenticator.NotAllowed, status, "another channel's")

	status, first := c.command(authenticator.GetAssertion, all)
	require.Equal(t, authenticator.OK, status)
	assert.Equal(t, 2, content[int](t, first[5]))
	assert.Equal(t, map[string]cbor.RawMessage{"id": canonical(t, []byte("alice"))}, content[map[string]cbor.RawMessage](t, first[4]))
	status, second := c.command(authenticator.GetNextAssertion, nil)
	require.Equal(t, authenticator.OK, status)
	assert.NotContains(t, second, 5)
	status, _ = c.command(authenticator.GetNextAssertion, nil)
	assert.Equal(t, authenticator.NotAllowed, status)
}

func TestProtectedCredentials(t *testing.T) {
	for name, tt := range map[string]struct {
		level            int
		named, discovers authenticator.Status
	}{
		"1": {1, authenticator.OK, authenticator.OK},
		"2": {2, authenticator.OK, authenticator.NoCredentials},
		"3": {3, authenticator.NoCredentials, authenticator.NoCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, authenticator.Start(t))
			id := c.made(with(creation(), map[int]any{6: map[string]any{"credProtect": tt.level}, 7: map[string]any{"rk": true}}))
			status, _ := c.command(authenticator.GetAssertion, map[int]any{1: rpID, 2: make([]byte, 32), 3: []any{id}})
			assert.Equal(t, tt.named, status)
			status, _ = c.command(authenticator.GetAssertion, map[int]any{1: rpID, 2: make([]byte, 32)})
			assert.Equal(t, tt.discovers, status)
		})
	}
}

func TestTheCounter(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithCounter(41))
	c := open(t, d)
	request := map[int]any{1: rpID, 2: make([]byte, 32), 3: []any{c.made(creation())}}
	counter := func() uint32 {
		status, answer := c.command(authenticator.GetAssertion, request)
		require.Equal(t, authenticator.OK, status)
		return binary.BigEndian.Uint32(content[[]byte](t, answer[2])[33:])
	}
	assert.EqualValues(t, 43, counter(), "one for the credential, one for the assertion")
	assert.EqualValues(t, 44, counter())
	d.SetCounter(7)
	assert.EqualValues(t, 8, counter())
}

func TestResetIsForTheFirstSeconds(t *testing.T) {
	const window = 100 * time.Millisecond
	d := authenticator.Start(t, authenticator.WithResetWindow(window))
	c := open(t, d)
	time.Sleep(2 * window)
	status, _ := c.command(authenticator.Reset, nil)
	assert.Equal(t, authenticator.NotAllowed, status)
}
