package authenticator_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

const (
	mayMake   = 1
	mayAssert = 2
	mayManage = 4
)

// An agreement is the client's side of PIN/UV auth protocol 2.
type agreement struct {
	public  map[int]any
	aesKey  []byte
	hmacKey []byte
}

// devicesKey returns the device's key agreement key.
func (c *client) devicesKey() (x, y []byte) {
	c.t.Helper()
	status, answer := c.command(authenticator.ClientPIN, map[int]any{1: 2, 2: 2})
	require.Equal(c.t, authenticator.OK, status)
	key := content[map[int]any](c.t, answer[1])
	return key[-2].([]byte), key[-3].([]byte)
}

// agree agrees on a secret with the device.
func (c *client) agree() agreement {
	c.t.Helper()
	x, y := c.devicesKey()
	peer, err := ecdh.P256().NewPublicKey(append(append([]byte{4}, x...), y...))
	require.NoError(c.t, err)
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(c.t, err)
	z, err := own.ECDH(peer)
	require.NoError(c.t, err)
	salt := make([]byte, 32)
	aesKey, err := hkdf.Key(sha256.New, z, salt, "CTAP2 AES key", 32)
	require.NoError(c.t, err)
	hmacKey, err := hkdf.Key(sha256.New, z, salt, "CTAP2 HMAC key", 32)
	require.NoError(c.t, err)
	point := own.PublicKey().Bytes()
	return agreement{map[int]any{1: 2, 3: -25, -1: 1, -2: point[1:33], -3: point[33:]}, aesKey, hmacKey}
}

func (a agreement) encrypt(t *testing.T, plain []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(a.aesKey)
	require.NoError(t, err)
	out := make([]byte, 16+len(plain))
	cipher.NewCBCEncrypter(block, out[:16]).CryptBlocks(out[16:], plain)
	return out
}

func (a agreement) decrypt(t *testing.T, sealed []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(a.aesKey)
	require.NoError(t, err)
	plain := make([]byte, len(sealed)-16)
	cipher.NewCBCDecrypter(block, sealed[:16]).CryptBlocks(plain, sealed[16:])
	return plain
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// askToken asks for a PIN token; an empty relying party is left out.
func (c *client) askToken(pin string, permissions int, rp string) (authenticator.Status, []byte) {
	c.t.Helper()
	a := c.agree()
	hash := sha256.Sum256([]byte(pin))
	request := map[int]any{1: 2, 2: 9, 3: a.public, 6: a.encrypt(c.t, hash[:16]), 9: permissions}
	if rp != "" {
		request[10] = rp
	}
	status, answer := c.command(authenticator.ClientPIN, request)
	if status != authenticator.OK {
		return status, nil
	}
	return status, a.decrypt(c.t, content[[]byte](c.t, answer[2]))
}

func (c *client) token(permissions int, rp string) []byte {
	c.t.Helper()
	status, token := c.askToken("123456", permissions, rp)
	require.Equal(c.t, authenticator.OK, status)
	return token
}

// create makes a credential at a relying party with a token.
func (c *client) create(token []byte, rp string) authenticator.Status {
	c.t.Helper()
	request := with(creation(), map[int]any{2: map[string]any{"id": rp}, 8: mac(token, make([]byte, 32)), 9: 2})
	status, _ := c.command(authenticator.MakeCredential, request)
	return status
}

// metadata asks credential management for its counts.
func (c *client) metadata(token []byte) authenticator.Status {
	c.t.Helper()
	status, _ := c.command(authenticator.CredentialManagement, map[int]any{1: 1, 3: 2, 4: mac(token, []byte{1})})
	return status
}

func TestATokenIsGoodForWhatItWasMadeFor(t *testing.T) {
	c := open(t, authenticator.Start(t, authenticator.WithPIN("123456")))
	assert.Equal(t, authenticator.OK, c.create(c.token(mayMake, rpID), rpID))
	assert.Equal(t, authenticator.PINAuthInvalid, c.create(c.token(mayMake, rpID), "another"), "relying party")
	assert.Equal(t, authenticator.PINAuthInvalid, c.create(c.token(mayAssert, rpID), rpID), "permission")
	assert.Equal(t, authenticator.PINAuthInvalid, c.create(make([]byte, 32), rpID), "no token")
	assert.Equal(t, authenticator.PINAuthInvalid, c.metadata(c.token(mayMake, rpID)), "permission to manage")
	assert.Equal(t, authenticator.PINAuthInvalid, c.metadata(c.token(mayManage, rpID)), "all relying parties")
	assert.Equal(t, authenticator.OK, c.metadata(c.token(mayManage, "")))
}

func TestATokenEnds(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithPIN("123456"))
	c := open(t, d)
	old := c.token(mayMake|mayManage, rpID)
	assert.Equal(t, authenticator.OK, c.create(old, rpID))
	assert.Equal(t, authenticator.PINAuthInvalid, c.create(old, rpID), "used")
	old = c.token(mayMake, rpID)
	c.token(mayMake, rpID)
	assert.Equal(t, authenticator.PINAuthInvalid, c.create(old, rpID), "a newer one was made")
	old = c.token(mayMake, rpID)
	d.SetPIN("123456")
	assert.Equal(t, authenticator.PINAuthInvalid, c.create(old, rpID), "the PIN was set")
	old = c.token(mayMake, rpID)
	d.Replug(t)
	assert.Equal(t, authenticator.PINAuthInvalid, open(t, d).create(old, rpID), "the power was cut")
}

func TestTokensThatAreRefused(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithPIN("123456"))
	c := open(t, d)
	for name, tt := range map[string]struct {
		pin         string
		permissions int
		rp          string
		want        authenticator.Status
	}{
		"no permission":        {"123456", 0, rpID, authenticator.InvalidParameter},
		"unknown permission":   {"123456", 0x20, rpID, authenticator.UnauthorizedPermission},
		"no relying party":     {"123456", mayMake, "", authenticator.InvalidParameter},
		"wrong PIN":            {"654321", mayMake, rpID, authenticator.PINInvalid},
		"relying party, again": {"123456", mayMake | mayAssert, "", authenticator.InvalidParameter},
	} {
		t.Run(name, func(t *testing.T) {
			status, _ := c.askToken(tt.pin, tt.permissions, tt.rp)
			assert.Equal(t, tt.want, status)
		})
	}
}

func TestAWrongPINChangesTheAgreementKey(t *testing.T) {
	c := open(t, authenticator.Start(t, authenticator.WithPIN("123456")))
	x, _ := c.devicesKey()
	same, _ := c.devicesKey()
	assert.Equal(t, x, same)
	status, _ := c.askToken("654321", mayMake, rpID)
	require.Equal(t, authenticator.PINInvalid, status)
	other, _ := c.devicesKey()
	assert.NotEqual(t, x, other)
}
