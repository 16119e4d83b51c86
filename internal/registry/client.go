package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/oci"
)

// Client asks registries. It is safe for concurrent use if what it is made of is.
type Client struct {
	// Transport is the network.
	Transport http.RoundTripper
	// Credentials has what registries are logged in to with; nil for none.
	Credentials authn.Keychain
	// PlainHTTPUnsafe also asks other machines over plain http, where anybody on the way
	// can answer.
	PlainHTTPUnsafe bool
}

// DockerLogins are the credentials that docker login and podman login keep, in files or
// behind credential helpers, which are programs that it runs.
func DockerLogins() authn.Keychain { return authn.DefaultKeychain }

// Image is what a registry says of an image.
type Image struct {
	// Repository is its name, without tag and digest.
	Repository string
	// Digest is that of its manifest or index, sha256:<hex>.
	Digest string
	// Platforms are the digests of the manifests that an index lists, sha256:<hex>. An image
	// of one platform has none.
	Platforms []string
}

// Find returns the image that a reference names: REGISTRY/NAME:TAG or
// REGISTRY/NAME@sha256:<hex>, whole, for no registry is meant unless it is named. An image
// that is not there is fault.InputNotFound, and a registry that cannot be reached or wants
// to be asked later fault.ServiceUnavailable.
func (c *Client) Find(ctx context.Context, reference string) (*Image, error) {
	ref, err := c.parse(reference)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	manifest, err := c.manifest(ctx, ref)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(manifest)
	found := &Image{Repository: ref.Context().Name(), Digest: "sha256:" + hex.EncodeToString(sum[:])}
	if want, ok := ref.(name.Digest); ok && want.DigestStr() != found.Digest {
		return nil, fault.New(fault.PromotionDigest, "the registry answers with %s when asked for %q", found.Digest, reference).
			WithHint("ask another registry that has the image: this one, or what stands before it, is broken")
	}
	if found.Platforms, err = oci.ParseImage(manifest); err != nil {
		return nil, fault.Wrap(fault.InputMalformed, err, "what the registry has as %q", reference)
	}
	return found, nil
}

func (c *Client) parse(reference string) (name.Reference, error) {
	options := []name.Option{name.StrictValidation}
	if c.PlainHTTPUnsafe {
		options = append(options, name.Insecure)
	}
	ref, err := name.ParseReference(reference, options...)
	if err != nil {
		return nil, fault.New(fault.UsageInvalid, "%.200q is not the whole name of an image in a registry", reference).
			WithHint("write it as REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:<hex>")
	}
	return ref, nil
}

// manifest fetches the manifest or index that a reference names.
func (c *Client) manifest(ctx context.Context, ref name.Reference) ([]byte, error) {
	g := &guard{next: c.Transport, plain: c.PlainHTTPUnsafe}
	login, err := c.login(ctx, ref)
	if err != nil {
		return nil, err
	}
	rt, err := transport.NewWithContext(ctx, ref.Context().Registry, login, g, []string{ref.Scope(transport.PullScope)})
	if err != nil {
		return nil, c.failed(ctx, g, ref, err)
	}
	address := url.URL{Scheme: ref.Context().Scheme(), Host: ref.Context().RegistryStr(), Path: "/v2/" + ref.Context().RepositoryStr() + "/manifests/" + ref.Identifier()}
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	get.Header.Set("Accept", strings.Join(mediaTypes(), ", "))
	client := &http.Client{Transport: rt, CheckRedirect: fewRedirects}
	answer, err := client.Do(get)
	if err != nil {
		return nil, c.failed(ctx, g, ref, err)
	}
	defer answer.Body.Close()
	if err := transport.CheckError(answer, http.StatusOK); err != nil {
		return nil, c.failed(ctx, g, ref, err)
	}
	if err := checkType(ref, answer); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, oci.MaxManifest+1))
	switch {
	case err != nil:
		return nil, c.failed(ctx, g, ref, err)
	case len(b) > oci.MaxManifest:
		return nil, fault.New(fault.InputTooLarge, "the manifest of %q is over the limit of %d bytes", ref.Name(), oci.MaxManifest)
	}
	return b, nil
}

func (c *Client) login(ctx context.Context, ref name.Reference) (authn.Authenticator, error) {
	if c.Credentials == nil {
		return authn.Anonymous, nil
	}
	login, err := authn.Resolve(ctx, c.Credentials, ref.Context())
	if err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read the credentials for %q", ref.Context().RegistryStr()).
			WithHint("they are kept as docker login keeps them; look at its config.json and credential helper")
	}
	return login, nil
}

func fewRedirects(_ *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errors.New("it redirects too often")
	}
	return nil
}

// mediaTypes are those of images. Schema 1 of Docker is none: its digest is not that of
// what is sent.
func mediaTypes() []string {
	return []string{
		"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
		"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
	}
}

func checkType(ref name.Reference, answer *http.Response) error {
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(mediaTypes(), kind) {
		return fault.New(fault.InputMalformed, "the registry answers with %.100q and no image when asked for %q", answer.Header.Get("Content-Type"), ref.Name())
	}
	return nil
}
