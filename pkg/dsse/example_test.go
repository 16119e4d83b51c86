package dsse_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"os"

	"github.com/stellaops/stella/pkg/dsse"
)

// Sign a payload, and open the envelope with the public key.
func Example() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	signer, err := dsse.NewSigner(key)
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	message := dsse.NewMessage("text/plain", dsse.Bytes("hello\n"))
	if _, err := dsse.Write(context.Background(), &file, message, false, signer); err != nil {
		panic(err)
	}

	envelope, err := dsse.ParseEnvelope(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		panic(err)
	}
	verifier, err := dsse.NewVerifier(key.Public())
	if err != nil {
		panic(err)
	}
	opened, err := dsse.Open(envelope, 1, dsse.Key{Holder: "release team", Verifier: verifier})
	if err != nil {
		panic(err)
	}
	fmt.Println(opened.Message.PayloadType(), opened.Message.Size())
	if _, err := opened.Message.WriteTo(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// text/plain 6
	// hello
}

func ExamplePAE() {
	fmt.Printf("%s\n", dsse.PAE("http://example.com/HelloWorld", []byte("hello world")))
	// Output: DSSEv1 29 http://example.com/HelloWorld 11 hello world
}
