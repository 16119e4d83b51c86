package registry_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	served "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/registry"
)

// shelf is a registry on loopback that holds an image and an index.
type shelf struct {
	host         string
	image, index v1.Hash
	platforms    []string
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	server := httptest.NewServer(served.New(served.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	s := &shelf{host: strings.TrimPrefix(server.URL, "http://")}
	image, err := random.Image(64, 1)
	require.NoError(t, err)
	s.image = push(t, s.host+"/team/app:1.0", image)
	index, err := random.Index(64, 1, 2)
	require.NoError(t, err)
	ref, err := name.ParseReference(s.host + "/team/multi:1.0")
	require.NoError(t, err)
	require.NoError(t, remote.WriteIndex(ref, index))
	s.index, err = index.Digest()
	require.NoError(t, err)
	listed, err := index.IndexManifest()
	require.NoError(t, err)
	for _, m := range listed.Manifests {
		s.platforms = append(s.platforms, m.Digest.String())
	}
	return s
}

func push(t *testing.T, reference string, image v1.Image) v1.Hash {
	t.Helper()
	ref, err := name.ParseReference(reference)
	require.NoError(t, err)
	require.NoError(t, remote.Write(ref, image))
	digest, err := image.Digest()
	require.NoError(t, err)
	return digest
}

func client() *registry.Client { return &registry.Client{Transport: http.DefaultTransport} }

func TestFind(t *testing.T) {
	s := newShelf(t)
	for reference, want := range map[string]v1.Hash{
		"/team/app:1.0":                   s.image,
		"/team/app@" + s.image.String():   s.image,
		"/team/multi:1.0":                 s.index,
		"/team/multi@" + s.index.String(): s.index,
	} {
		found, err := client().Find(t.Context(), s.host+reference)
		require.NoError(t, err, reference)
		assert.Equal(t, want.String(), found.Digest)
		repository, _, _ := strings.Cut(strings.TrimSuffix(reference, ":1.0"), "@")
		assert.Equal(t, s.host+repository, found.Repository)
		if strings.Contains(reference, "multi") {
			assert.Equal(t, s.platforms, found.Platforms)
		} else {
			assert.Empty(t, found.Platforms)
		}
	}
	for reference, want := range map[string]fault.Reason{
		s.host + "/team/app:2.0":                               fault.InputNotFound,
		s.host + "/team/other:1.0":                             fault.InputNotFound,
		s.host + "/team/app@sha256:" + strings.Repeat("1", 64): fault.InputNotFound,
		"app:1.0":                     fault.UsageInvalid,
		s.host + "/team/app":          fault.UsageInvalid,
		s.host + "/team/app@sha512:1": fault.UsageInvalid,
		"":                            fault.UsageInvalid,
		"127.0.0.1:1/team/app:1.0":    fault.ServiceUnavailable,
	} {
		_, err := client().Find(t.Context(), reference)
		assert.Equal(t, want, fault.ReasonOf(err), "%s: %v", reference, err)
	}
}

// liar answers every question about a manifest with the same text.
func liar(t *testing.T, status int, mediaType, text string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("1", 64))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// TestHostileAnswers: nothing that a registry sends is believed, and each lie has its
// error.
func TestHostileAnswers(t *testing.T) {
	const manifest, index = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
	good := `{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:` + strings.Repeat("2", 64) + `","size":2},"layers":[]}`
	for title, tt := range map[string]struct {
		status          int
		mediaType, text string
		want            fault.Reason
	}{
		"another image than was asked for": {200, manifest, good, fault.PromotionDigest},
		"a page":                           {200, "text/html", "<html>", fault.InputMalformed},
		"schema 1":                         {200, "application/vnd.docker.distribution.manifest.v1+prettyjws", good, fault.InputMalformed},
		"no type":                          {200, "", good, fault.InputMalformed},
		"too large":                        {200, manifest, `{"a":"` + strings.Repeat("a", 5<<20), fault.InputTooLarge},
		"forbidden":                        {403, manifest, "", fault.InputUnreadable},
		"later":                            {429, manifest, "", fault.ServiceUnavailable},
		"broken":                           {503, manifest, "", fault.ServiceUnavailable},
		"odd":                              {418, manifest, "\x1b[31m", fault.InputUnreadable},
	} {
		t.Run(title, func(t *testing.T) {
			host := liar(t, tt.status, tt.mediaType, tt.text)
			_, err := client().Find(t.Context(), host+"/app@sha256:"+strings.Repeat("1", 64))
			assert.Equal(t, tt.want, fault.ReasonOf(err), "%v", err)
			assert.NotContains(t, err.Error(), "\x1b")
		})
	}
	for title, text := range map[string]string{
		"no JSON":              "{",
		"two of one":           `{"schemaVersion":2,"schemaVersion":2}`,
		"attached to an image": strings.TrimSuffix(good, "}") + `,"subject":{"mediaType":"` + manifest + `","digest":"sha256:` + strings.Repeat("3", 64) + `","size":2}}`,
	} {
		t.Run(title, func(t *testing.T) {
			_, err := client().Find(t.Context(), liar(t, 200, index, text)+"/app:1.0")
			assert.Equal(t, fault.InputMalformed, fault.ReasonOf(err), "%v", err)
		})
	}
}

// logins is one password for every registry.
type logins struct{ user, password string }

func (l logins) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: l.user, Password: l.password}, nil
}

func TestLogin(t *testing.T) {
	inner := served.New(served.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "ci" || password != "right" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	image, err := random.Image(64, 1)
	require.NoError(t, err)
	ref, err := name.ParseReference(host + "/app:1.0")
	require.NoError(t, err)
	require.NoError(t, remote.Write(ref, image, remote.WithAuth(&authn.Basic{Username: "ci", Password: "right"})))

	c := client()
	_, err = c.Find(t.Context(), host+"/app:1.0")
	assert.Equal(t, fault.InputUnreadable, fault.ReasonOf(err))
	assert.Equal(t, "log in first: docker login "+host, fault.HintOf(err))
	c.Credentials = logins{"ci", "wrong"}
	_, err = c.Find(t.Context(), host+"/app:1.0")
	assert.Equal(t, fault.InputUnreadable, fault.ReasonOf(err))
	assert.NotContains(t, err.Error(), "wrong")
	c.Credentials = logins{"ci", "right"}
	found, err := c.Find(t.Context(), host+"/app:1.0")
	require.NoError(t, err)
	digest, err := image.Digest()
	require.NoError(t, err)
	assert.Equal(t, digest.String(), found.Digest)
}

// elsewhere is a network in which every address is the one of the registry.
func elsewhere(host string) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, host)
	}}
}

// TestPlainHTTP: other machines are asked over https alone, also those with addresses of
// private networks and where a registry redirects to plain http.
func TestPlainHTTP(t *testing.T) {
	s := newShelf(t)
	network := elsewhere(s.host)
	for _, host := range []string{"10.0.0.1:5000", "registry.example", "registry.local:80", "192.168.1.1"} {
		c := &registry.Client{Transport: network}
		_, err := c.Find(t.Context(), host+"/team/app:1.0")
		assert.Equal(t, fault.ServiceUnavailable, fault.ReasonOf(err), "%s: %v", host, err)
		c.PlainHTTPUnsafe = true
		found, err := c.Find(t.Context(), host+"/team/app:1.0")
		require.NoError(t, err, host)
		assert.Equal(t, s.image.String(), found.Digest)
	}
	_, err := (&registry.Client{Transport: network}).Find(t.Context(), "10.0.0.1:5000/team/app:1.0")
	assert.Contains(t, err.Error(), "was not asked over plain http")

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			http.Redirect(w, r, "http://10.0.0.1:5000"+r.URL.Path, http.StatusTemporaryRedirect)
		}
	}))
	defer server.Close()
	_, err = client().Find(t.Context(), strings.TrimPrefix(server.URL, "http://")+"/team/app:1.0")
	assert.Equal(t, fault.ServiceUnavailable, fault.ReasonOf(err), "%v", err)
}

// TestHTTPS asks a registry with a certificate, which must be of somebody who is trusted.
func TestHTTPS(t *testing.T) {
	server, err := served.TLS("registry.example")
	require.NoError(t, err)
	defer server.Close()
	image, err := random.Image(64, 1)
	require.NoError(t, err)
	ref, err := name.ParseReference("registry.example/app:1.0")
	require.NoError(t, err)
	trusting := server.Client().Transport
	require.NoError(t, remote.Write(ref, image, remote.WithTransport(trusting)))
	_, err = (&registry.Client{Transport: trusting}).Find(t.Context(), "registry.example/app:1.0")
	require.NoError(t, err)
	network := elsewhere(server.Listener.Addr().String())
	_, err = (&registry.Client{Transport: network}).Find(t.Context(), "registry.example/app:1.0")
	assert.Equal(t, fault.ServiceUnavailable, fault.ReasonOf(err), "%v", err)
}

// TestInterrupted: the user's own interrupt is no fault of the registry.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			close(asked)
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	go func() {
		<-asked
		cancel()
	}()
	_, err := client().Find(ctx, strings.TrimPrefix(server.URL, "http://")+"/app:1.0")
	assert.ErrorIs(t, err, context.Canceled)
}
