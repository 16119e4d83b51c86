package plugins

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json/v2"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/kms/apiv1/kmspb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/stellaops/stella/pkg/keys"
)

const gcpRing = "projects/p/locations/global/keyRings/r"

// gcpServer is the part of Google Cloud KMS that signing needs, with real keys,
// as a gRPC service behind TLS. Each key has one version.
type gcpServer struct {
	kmspb.UnimplementedKeyManagementServiceServer
	mu   sync.Mutex
	keys map[string]crypto.Signer // by the name of the key
}

// newGCPServer returns the server and the environment of its user.
func newGCPServer(t *testing.T) (*gcpServer, []string) {
	t.Helper()
	return newInternet(t).gcp(t)
}

// gcp adds the server.
func (n *internet) gcp(t *testing.T) (*gcpServer, []string) {
	t.Helper()
	s := &gcpServer{keys: make(map[string]crypto.Signer)}
	server := grpc.NewServer(grpc.UnaryInterceptor(authorized))
	kmspb.RegisterKeyManagementServiceServer(server, s)
	listener := n.listen([]string{"h2"}, "cloudkms.googleapis.com")
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return s, append(n.environment(), "GOOGLE_APPLICATION_CREDENTIALS="+gcpCredentials(t))
}

// authorized wants the token that a service account signs for itself.
func authorized(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	token := strings.Join(md.Get("authorization"), "")
	if !strings.HasPrefix(token, "Bearer ") || strings.Count(token, ".") != 2 {
		return nil, status.Error(codes.Unauthenticated, "no token")
	}
	return handle(ctx, request)
}

// gcpCredentials writes the key file of a service account.
func gcpCredentials(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "p", "private_key_id": "1", "client_email": "ci@p.iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_id":   "1", "token_uri": "https://oauth2.googleapis.com/token",
	})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "credentials.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

func (s *gcpServer) add(t *testing.T, name string, a keys.Algorithm) crypto.Signer {
	t.Helper()
	key, err := keys.Generate(a)
	require.NoError(t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[gcpRing+"/cryptoKeys/"+name] = key
	return key
}

// key finds a key by its name or that of its version.
func (s *gcpServer) key(name string) (crypto.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := s.keys[strings.TrimSuffix(name, "/cryptoKeyVersions/1")]; key != nil {
		return key, nil
	}
	return nil, status.Errorf(codes.NotFound, "%s not found", name)
}

func (s *gcpServer) GetCryptoKey(_ context.Context, r *kmspb.GetCryptoKeyRequest) (*kmspb.CryptoKey, error) {
	_, err := s.key(r.Name)
	return &kmspb.CryptoKey{Name: r.Name, Purpose: kmspb.CryptoKey_ASYMMETRIC_SIGN}, err
}

func (s *gcpServer) ListCryptoKeyVersions(_ context.Context, r *kmspb.ListCryptoKeyVersionsRequest) (*kmspb.ListCryptoKeyVersionsResponse, error) {
	key, err := s.key(r.Parent)
	if err != nil {
		return nil, err
	}
	return &kmspb.ListCryptoKeyVersionsResponse{CryptoKeyVersions: []*kmspb.CryptoKeyVersion{{
		Name: r.Parent + "/cryptoKeyVersions/1", State: kmspb.CryptoKeyVersion_ENABLED, Algorithm: gcpAlgorithm(key),
	}}}, nil
}

func gcpAlgorithm(key crypto.Signer) kmspb.CryptoKeyVersion_CryptoKeyVersionAlgorithm {
	a, _ := keys.AlgorithmOf(key.Public()) // made by keys.Generate
	return map[keys.Algorithm]kmspb.CryptoKeyVersion_CryptoKeyVersionAlgorithm{
		keys.ECDSAP256: kmspb.CryptoKeyVersion_EC_SIGN_P256_SHA256,
		keys.ECDSAP384: kmspb.CryptoKeyVersion_EC_SIGN_P384_SHA384,
		keys.RSA3072:   kmspb.CryptoKeyVersion_RSA_SIGN_PKCS1_3072_SHA256,
	}[a]
}

func (s *gcpServer) GetPublicKey(_ context.Context, r *kmspb.GetPublicKeyRequest) (*kmspb.PublicKey, error) {
	key, err := s.key(r.Name)
	if err != nil {
		return nil, err
	}
	text, err := keys.MarshalPublic(key.Public())
	return &kmspb.PublicKey{Pem: string(text), Algorithm: gcpAlgorithm(key)}, err
}

func (s *gcpServer) AsymmetricSign(_ context.Context, r *kmspb.AsymmetricSignRequest) (*kmspb.AsymmetricSignResponse, error) {
	key, err := s.key(r.Name)
	if err != nil {
		return nil, err
	}
	hash, digest := crypto.SHA256, r.Digest.GetSha256()
	if gcpAlgorithm(key) == kmspb.CryptoKeyVersion_EC_SIGN_P384_SHA384 {
		hash, digest = crypto.SHA384, r.Digest.GetSha384()
	}
	if len(digest) != hash.Size() {
		return nil, status.Error(codes.InvalidArgument, "the digest does not fit the key")
	}
	sig, err := key.Sign(rand.Reader, digest, hash)
	return &kmspb.AsymmetricSignResponse{
		Name: r.Name, Signature: sig, SignatureCrc32C: crc32c(sig), VerifiedDigestCrc32C: r.DigestCrc32C != nil,
	}, err
}
