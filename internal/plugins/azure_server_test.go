package plugins

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json/v2"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/keys"
)

const (
	azureTenant = "11111111-2222-3333-4444-555555555555"
	azureToken  = "azure-token-that-nobody-may-see" // #nosec G101 -- of the test's own server
)

// azureServer is the part of Azure Key Vault that signing needs, with real keys,
// and the part of Entra that gives a client its token.
type azureServer struct {
	mu   sync.Mutex
	keys map[string]crypto.Signer
}

// newAzureServer returns the server and the environment of its user.
func newAzureServer(t *testing.T) (*azureServer, []string) {
	t.Helper()
	return newInternet(t).azure(t)
}

// azure adds the server.
func (n *internet) azure(t *testing.T) (*azureServer, []string) {
	t.Helper()
	s := &azureServer{keys: make(map[string]crypto.Signer)}
	mux := http.NewServeMux()
	mux.HandleFunc("login.microsoftonline.com/", s.login)
	mux.HandleFunc("stella.vault.azure.net/keys/", s.vault)
	listener := n.listen(nil, "login.microsoftonline.com", "stella.vault.azure.net")
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	return s, append(n.environment(), "AZURE_TENANT_ID="+azureTenant, "AZURE_CLIENT_ID=client", "AZURE_CLIENT_SECRET=client-secret")
}

func (s *azureServer) add(t *testing.T, name string, a keys.Algorithm) crypto.Signer {
	t.Helper()
	key, err := generate(a)
	require.NoError(t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[name] = key
	return key
}

// rsa2048 is the RSA key whose scheme the service and stella agree on: it signs
// with SHA-384 and SHA-512 where a key is longer.
const rsa2048 keys.Algorithm = "rsa-2048"

func generate(a keys.Algorithm) (crypto.Signer, error) {
	if a == rsa2048 {
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return keys.Generate(a)
}

// login answers discovery (OpenID Connect) and the client credentials grant.
func (s *azureServer) login(w http.ResponseWriter, r *http.Request) {
	issuer := "https://login.microsoftonline.com/" + azureTenant
	switch {
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		azureAnswer(w, map[string]any{
			"tenant_discovery_endpoint": issuer + "/v2.0/.well-known/openid-configuration",
			"metadata": []map[string]any{{
				"preferred_network": "login.microsoftonline.com", "preferred_cache": "login.windows.net",
				"aliases": []string{"login.microsoftonline.com"},
			}},
		})
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		azureAnswer(w, map[string]any{
			"issuer": issuer + "/v2.0", "authorization_endpoint": issuer + "/oauth2/v2.0/authorize",
			"token_endpoint": issuer + "/oauth2/v2.0/token",
		})
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") && r.FormValue("client_secret") == "client-secret":
		azureAnswer(w, map[string]any{"token_type": "Bearer", "expires_in": 3600, "access_token": azureToken})
	default:
		w.WriteHeader(http.StatusBadRequest)
		azureAnswer(w, map[string]any{"error": "invalid_client"})
	}
}

func azureAnswer(w http.ResponseWriter, answer map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.MarshalWrite(w, answer)
}

// vault answers GET keys/NAME/VERSION and POST keys/NAME/VERSION/sign.
func (s *azureServer) vault(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+azureToken {
		w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.com/`+azureTenant+`", resource="https://vault.azure.net"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	s.mu.Lock()
	key := s.keys[parts[1]]
	s.mu.Unlock()
	switch {
	case key == nil:
		w.WriteHeader(http.StatusNotFound)
		azureAnswer(w, map[string]any{"error": map[string]string{"code": "KeyNotFound", "message": "no such key"}})
	case parts[len(parts)-1] == "sign":
		azureSign(w, r, key)
	default:
		azureAnswer(w, map[string]any{"key": azureJWK(parts[1], key)})
	}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// azureJWK is the public key as JWK (RFC 7517), of a key in a managed HSM.
func azureJWK(name string, key crypto.Signer) map[string]any {
	jwk := map[string]any{"kid": "https://stella.vault.azure.net/keys/" + name + "/1", "key_ops": []string{"sign", "verify"}}
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		point, _ := public.Bytes() // a key that keys.Generate made
		half := (len(point) - 1) / 2
		jwk["kty"], jwk["crv"] = "EC-HSM", public.Params().Name
		jwk["x"], jwk["y"] = b64(point[1:1+half]), b64(point[1+half:])
	case *rsa.PublicKey:
		jwk["kty"], jwk["n"], jwk["e"] = "RSA-HSM", b64(public.N.Bytes()), b64(big.NewInt(int64(public.E)).Bytes())
	}
	return jwk
}

// azureSign answers with the signature as JWS has it: r || s for ECDSA.
func azureSign(w http.ResponseWriter, r *http.Request, key crypto.Signer) {
	var in struct {
		Algorithm string `json:"alg"`
		Value     string `json:"value"`
	}
	_ = json.UnmarshalRead(r.Body, &in) // what is missing is refused below
	digest, _ := base64.RawURLEncoding.DecodeString(in.Value)
	hash := map[string]crypto.Hash{"ES256": crypto.SHA256, "ES384": crypto.SHA384, "RS256": crypto.SHA256, "RS384": crypto.SHA384}[in.Algorithm]
	if hash == 0 || len(digest) != hash.Size() {
		w.WriteHeader(http.StatusBadRequest)
		azureAnswer(w, map[string]any{"error": map[string]string{"code": "BadParameter", "message": "digest"}})
		return
	}
	sig, err := key.Sign(rand.Reader, digest, hash)
	if public, ok := key.Public().(*ecdsa.PublicKey); ok && err == nil {
		var pair struct{ R, S *big.Int }
		_, err = asn1.Unmarshal(sig, &pair)
		size := (public.Params().BitSize + 7) / 8
		sig = append(pair.R.FillBytes(make([]byte, size)), pair.S.FillBytes(make([]byte, size))...)
	}
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	azureAnswer(w, map[string]any{"kid": "1", "value": b64(sig)})
}
