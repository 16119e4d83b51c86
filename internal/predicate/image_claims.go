package predicate

import (
	"encoding/json/v2"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// imageClaims reads the source of Syft and Grype documents. Older schemas
// call the description target, newer ones metadata.
func imageClaims(p *passes, claim func(intoto.Subject) error) error {
	wants := []want{object("/source"), text("/source/type"), text("/source/name")}
	for _, at := range []string{"/source/target", "/source/metadata"} {
		wants = append(wants, object(at), text(at+"/userInput"), text(at+"/manifestDigest"), list(at+"/repoDigests"),
			text(at+"/repoDigests/*"), text(at+"/path"),
			list(at+"/digests"), object(at+"/digests/*"), text(at+"/digests/*/algorithm"), text(at+"/digests/*/value"))
	}
	f, err := p.facts(wants)
	if err != nil {
		return err
	}
	for _, at := range []string{"/source/target", "/source/metadata"} {
		switch f.text("/source/type") {
		case "image":
			err = imageClaim(f.text(at+"/userInput"), f.texts(at+"/repoDigests/*"), f.text(at+"/manifestDigest"), claim)
		case "file":
			err = fileClaim(f.text(at+"/path"), f.texts(at+"/digests/*/algorithm"), f.texts(at+"/digests/*/value"), claim)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// imageClaim claims each repository digest, by which an image is pulled. The
// manifest digest counts only without them: for an image from a container
// engine the scanner made that manifest itself.
func imageClaim(name string, repositories []string, manifest string, claim func(intoto.Subject) error) error {
	if len(repositories) == 0 {
		digests := digestSet{}
		if err := digests.addReference(manifest); err != nil {
			return err
		}
		return digests.claim(name, claim)
	}
	for _, r := range repositories {
		digests := digestSet{}
		if err := digests.addReference(r); err != nil {
			return err
		}
		repository, _, _ := strings.Cut(r, "@")
		if err := digests.claim(repository, claim); err != nil {
			return err
		}
	}
	return nil
}

// fileClaim pairs algorithms with values, which Syft writes once each.
func fileClaim(name string, algorithms, values []string, claim func(intoto.Subject) error) error {
	if len(algorithms) != len(values) {
		return fault.New(fault.SubjectInvalid, "it gives digests of the file it describes in a form that is not Syft's")
	}
	digests := digestSet{}
	for i := range algorithms {
		if err := digests.add(algorithms[i], values[i]); err != nil {
			return err
		}
	}
	return digests.claim(name, claim)
}

func trivyClaims(p *passes, claim func(intoto.Subject) error) error {
	f, err := p.facts([]want{object("/Metadata"), list("/Metadata/RepoDigests"), text("/Metadata/RepoDigests/*")})
	if err != nil {
		return err
	}
	return imageClaim("", f.texts("/Metadata/RepoDigests/*"), "", claim)
}

// facts reads the whole input for wants.
func (p *passes) facts(wants []want) (f *facts, err error) {
	err = p.over(func(r io.Reader) error {
		f = newFacts(wants)
		_, err := canonical.Scan(r, f)
		return err
	})
	return f, err
}

type openVEXProduct struct {
	ID          string            `json:"@id"`
	Identifiers map[string]string `json:"identifiers"`
	Hashes      map[string]string `json:"hashes"`
}

// openVEXClaims reads the products of all statements (OpenVEX specification
// 0.2.0, "Product Data Structure").
func openVEXClaims(p *passes, claim func(intoto.Subject) error) error {
	return p.scan(&records{
		members: map[string]map[string]canonical.Action{"statements": {"products": canonical.Raw}},
		each: func(_ string, r *record) error {
			var products []openVEXProduct
			if raw := r.raws["products"]; raw == nil {
				return nil
			} else if err := json.Unmarshal(raw, &products); err != nil {
				return malformedClaims(err)
			}
			for _, product := range products {
				if err := product.claim(claim); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

func (v *openVEXProduct) claim(claim func(intoto.Subject) error) error {
	digests := digestSet{}
	for algorithm, value := range v.Hashes {
		if err := digests.add(algorithm, value); err != nil {
			return err
		}
	}
	if err := digests.addPURL(v.ID); err != nil {
		return err
	}
	if err := digests.addPURL(v.Identifiers["purl"]); err != nil {
		return err
	}
	return digests.claim(v.ID, claim)
}
