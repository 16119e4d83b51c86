package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/registry"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// imageFlags name the image to promote, and say whether a registry may be asked about it.
type imageFlags struct {
	image     string
	online    bool
	plainHTTP bool
}

const flagPlainHTTP = "plain-http-unsafe"

// AddFlags registers the flags.
func (f *imageFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&f.image, "image", "", "the image: `NAME@sha256:HEX`, or an OCI image layout on disk; with --online also a tag")
	fs.BoolVar(&f.online, "online", false, "allow the network for this command: ask the registry for the image")
	fs.BoolVar(&f.plainHTTP, flagPlainHTTP, false, "DANGER: ask the registry over plain http, where anybody on the way can answer")
}

// check refuses what no registry can help.
func (f *imageFlags) check(s *session) error {
	switch {
	case f.plainHTTP && !f.online:
		return fault.New(fault.UsageInvalid, "--%s is about a registry, and none is asked without --online", flagPlainHTTP)
	case f.online && s.config.Offline:
		return fault.New(fault.OfflineForbidden, "--online needs the network, which is forbidden").
			WithHint("name the image by its digest and leave --online away: NAME@sha256:<hex>")
	}
	return nil
}

// foundImage is the image to promote.
type foundImage struct {
	intoto.Subject
	platforms []string // digests of what it has for single platforms, as far as that was asked
	notes     []string
}

// find returns the image. Without --online its name is all that is looked at; with it the
// registry must have it, and says which image a tag stands for now.
func (f *imageFlags) find(ctx context.Context, s *session, closers *closeList) (*foundImage, error) {
	local := oci.IsLayout(f.image) || oci.IsArchive(f.image)
	if local && f.online {
		return nil, fault.New(fault.UsageInvalid, "the image layout %q is on disk, and --online is about a registry", f.image).
			WithHint("leave --online away")
	}
	if f.online {
		return f.ask(ctx, s)
	}
	subject, err := imageOf(s, f.image, closers)
	if fault.ReasonOf(err) == fault.PromotionDigest && !local && !exists(f.image) {
		err = fault.Wrap(fault.PromotionDigest, err, "").WithHint("%s; or have the registry say which image that is now: --online", fault.HintOf(err))
	}
	return &foundImage{Subject: subject}, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// ask asks the registry.
func (f *imageFlags) ask(ctx context.Context, s *session) (*foundImage, error) {
	reference := strings.TrimPrefix(f.image, "oci:")
	s.ui.Say("asking the registry for %s", reference)
	client := &registry.Client{Transport: s.HTTP, Credentials: registry.DockerLogins(), PlainHTTPUnsafe: f.plainHTTP}
	found, err := client.Find(ctx, reference)
	if err != nil {
		return nil, err
	}
	out := &foundImage{platforms: found.Platforms, Subject: intoto.Subject{
		Name: found.Repository, Digest: map[string]string{"sha256": strings.TrimPrefix(found.Digest, "sha256:")},
	}}
	subject, named, err := predicate.ParseDigest(reference)
	if err != nil {
		return nil, err
	}
	if named {
		out.Subject = subject // as it was written
		return out, nil
	}
	out.notes = append(out.notes, fmt.Sprintf("image from the registry: %s is %s", reference, found.Digest))
	if f.plainHTTP {
		out.notes = append(out.notes, "it was asked over plain http: anybody on the way can have answered")
	}
	return out, nil
}
