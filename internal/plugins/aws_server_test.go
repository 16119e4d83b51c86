package plugins

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/json/v2"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stellaops/stella/pkg/keys"
)

// awsServer is the part of the AWS Key Management Service that signing needs,
// with real keys: JSON 1.1 over HTTP, errors by type. It takes signed requests
// alone (Signature Version 4), for the region and service that it is.
type awsServer struct {
	*httptest.Server
	mu      sync.Mutex
	keys    map[string]crypto.Signer // by key id
	aliases map[string]string        // to key id
	calls   []string
}

func newAWSServer(t *testing.T) *awsServer {
	t.Helper()
	s := &awsServer{keys: make(map[string]crypto.Signer), aliases: make(map[string]string)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// environment is what a user of the server sets.
func (s *awsServer) environment() []string {
	return []string{
		"AWS_ENDPOINT_URL_KMS=" + s.URL, "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AWS_EC2_METADATA_DISABLED=true",
	}
}

// add puts a key behind an alias.
func (s *awsServer) add(t *testing.T, alias string, a keys.Algorithm) crypto.Signer {
	t.Helper()
	key, err := keys.Generate(a)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := newKeyID()
	s.keys[id], s.aliases["alias/"+alias] = key, id
	return key
}

func newKeyID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// awsRequest is the union of the requests.
type awsRequest struct {
	KeyId                 string //nolint:revive // AWS's name
	CustomerMasterKeySpec string
	KeyUsage              string
	AliasName             string
	TargetKeyId           string //nolint:revive // AWS's name
	Message               []byte
	MessageType           string
	SigningAlgorithm      string
}

var signedByV4 = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/eu-central-1/kms/aws4_request, SignedHeaders=[a-z0-9;-]*x-amz-target[a-z0-9;-]*, Signature=[0-9a-f]{64}$`)

func (s *awsServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in awsRequest
	if !signedByV4.MatchString(r.Header.Get("Authorization")) {
		awsFail(w, http.StatusForbidden, "IncompleteSignatureException")
		return
	}
	if err := json.UnmarshalRead(r.Body, &in); err != nil {
		awsFail(w, http.StatusBadRequest, "SerializationException")
		return
	}
	method, _ := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
	s.calls = append(s.calls, method)
	answer, failure := s.answer(method, in)
	if failure != "" {
		awsFail(w, http.StatusBadRequest, failure)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.MarshalWrite(w, answer)
}

func awsFail(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, map[string]string{"__type": kind, "message": "refused by the test"})
}

func (s *awsServer) answer(method string, in awsRequest) (map[string]any, string) {
	switch method {
	case "CreateKey":
		return s.createKey(in)
	case "CreateAlias":
		if s.keys[in.TargetKeyId] == nil {
			return nil, "NotFoundException"
		}
		s.aliases[in.AliasName] = in.TargetKeyId
		return map[string]any{}, ""
	}
	id := in.KeyId
	if strings.HasPrefix(id, "alias/") {
		id = s.aliases[id]
	}
	key := s.keys[id]
	if key == nil {
		return nil, "NotFoundException"
	}
	switch method {
	case "DescribeKey":
		return map[string]any{"KeyMetadata": awsMetadata(id, key)}, ""
	case "GetPublicKey":
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			return nil, "KMSInternalException"
		}
		return map[string]any{"KeyId": id, "PublicKey": der, "SigningAlgorithms": []string{awsAlgorithm(key)}}, ""
	case "Sign":
		return awsSign(id, key, in)
	}
	return nil, "UnknownOperationException"
}

func (s *awsServer) createKey(in awsRequest) (map[string]any, string) {
	a, ok := map[string]keys.Algorithm{
		"ECC_NIST_P256": keys.ECDSAP256, "ECC_NIST_P384": keys.ECDSAP384, "RSA_3072": keys.RSA3072, "RSA_4096": keys.RSA4096,
	}[in.CustomerMasterKeySpec]
	if !ok || in.KeyUsage != "SIGN_VERIFY" {
		return nil, "UnsupportedOperationException"
	}
	key, err := keys.Generate(a)
	if err != nil {
		return nil, "KMSInternalException"
	}
	id := newKeyID()
	s.keys[id] = key
	return map[string]any{"KeyMetadata": awsMetadata(id, key)}, ""
}

func awsMetadata(id string, key crypto.Signer) map[string]any {
	return map[string]any{"KeyId": id, "Enabled": true, "KeyUsage": "SIGN_VERIFY", "SigningAlgorithms": []string{awsAlgorithm(key)}}
}

func awsAlgorithm(key crypto.Signer) string {
	a, _ := keys.AlgorithmOf(key.Public()) // made by keys.Generate
	return map[keys.Algorithm]string{
		keys.ECDSAP256: "ECDSA_SHA_256", keys.ECDSAP384: "ECDSA_SHA_384",
		keys.RSA3072: "RSASSA_PKCS1_V1_5_SHA_256", keys.RSA4096: "RSASSA_PKCS1_V1_5_SHA_256",
	}[a]
}

// awsSign takes a digest of the algorithm's length, as the service does.
func awsSign(id string, key crypto.Signer, in awsRequest) (map[string]any, string) {
	hash := crypto.SHA256
	if strings.HasSuffix(in.SigningAlgorithm, "_384") {
		hash = crypto.SHA384
	}
	if in.SigningAlgorithm != awsAlgorithm(key) || in.MessageType != "DIGEST" || len(in.Message) != hash.Size() {
		return nil, "ValidationException"
	}
	sig, err := key.Sign(rand.Reader, in.Message, hash)
	if err != nil {
		return nil, "KMSInternalException"
	}
	return map[string]any{"KeyId": id, "Signature": sig, "SigningAlgorithm": in.SigningAlgorithm}, ""
}
