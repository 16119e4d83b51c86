package material

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
)

// fulcioExtensions reads Fulcio's claims
// (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
func fulcioExtensions(c *x509.Certificate) (issuer string, rest map[string]string, err error) {
	all, err := certificate.ParseExtensions(c.Extensions)
	if err != nil {
		return "", nil, inWords(err)
	}
	if issuer, err = oidcIssuer(c); err != nil {
		return "", nil, err
	}
	rest = make(map[string]string)
	v := reflect.ValueOf(all)
	for i, f := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		value := v.Field(i).String()
		if value == "" || f.Name == "Issuer" {
			continue
		}
		if !utf8.ValidString(value) {
			return "", nil, fmt.Errorf("its extension %s is not UTF-8", name)
		}
		rest[name] = value
	}
	return issuer, rest, nil
}

// oidcIssuer returns the issuer of the newer extension, else of the older. Where
// a certificate has both and they differ, readers would disagree on whose it is.
func oidcIssuer(c *x509.Certificate) (string, error) {
	var old, issuer string
	for _, e := range c.Extensions {
		switch {
		case e.Id.Equal(certificate.OIDIssuer): //nolint:staticcheck // older certificates have only this one
			old = string(e.Value)
		case e.Id.Equal(certificate.OIDIssuerV2):
			if rest, err := asn1.Unmarshal(e.Value, &issuer); err != nil || len(rest) > 0 {
				return "", errors.New("its OIDC issuer is not one DER string")
			}
		}
	}
	switch {
	case issuer != "" && old != "" && issuer != old:
		return "", errors.New("it names two OIDC issuers")
	case issuer == "":
		issuer = old
	}
	if !utf8.ValidString(issuer) {
		return "", errors.New("its OIDC issuer is not UTF-8")
	}
	return issuer, nil
}
