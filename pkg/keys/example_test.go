package keys_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/file"
)

func ExampleParseRef() {
	ref, err := keys.ParseRef("release.key?passphrase-file=secret")
	if err != nil {
		log.Fatal(err)
	}
	place, _ := ref.Option(keys.OptionPassphraseFile)
	fmt.Println(ref.Scheme(), ref.Name(), place)

	_, err = keys.ParseRef("pkcs11:token=T?pin-value=1234")
	fmt.Println(err)
	// Output:
	// file release.key secret
	// option "pin-value" would put a secret into the key reference, where other users can read it
}

// A program names its drivers once, and opens every key through them.
func ExampleDrivers() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "release.key")
	ctx := context.Background()
	key, err := keys.Generate(keys.Ed25519)
	if err != nil {
		log.Fatal(err)
	}
	if err := file.Create(ctx, path, key, file.CreateOptions{UnencryptedUnsafe: true}); err != nil {
		log.Fatal(err)
	}

	drivers, err := keys.NewDrivers(file.New(keys.NoPassphrases, keys.NewEnvironment(os.LookupEnv, os.Unsetenv)))
	if err != nil {
		log.Fatal(err)
	}
	signer, err := drivers.Open(ctx, keys.FileRef(path))
	if err != nil {
		log.Fatal(err)
	}
	message := dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes("{}"))
	sig, err := signer.Sign(ctx, message)
	if err != nil {
		log.Fatal(err)
	}

	trust, err := keys.LoadTrust(path + ".pub")
	if err != nil {
		log.Fatal(err)
	}
	trusted := trust.Keys()[0]
	verifier, err := trusted.Verifier()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(trusted.Name, trusted.Algorithm, verifier.Verify(message, sig))

	ref, err := keys.ParseRef("pkcs11:token=T")
	if err != nil {
		log.Fatal(err)
	}
	_, err = drivers.Open(ctx, ref)
	fmt.Printf("%v (%s)\n", err, fault.HintOf(err))
	// Output:
	// release.key.pub ed25519 <nil>
	// no driver for key scheme "pkcs11" in this build (this build has: file)
}

// A key that was stolen still verifies what is proven to be older.
func ExampleTrustedKey_ValidAt() {
	stolen := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	key := keys.TrustedKey{Name: "release-2026", RevokedAt: stolen}
	before := stolen.AddDate(0, -1, 0)

	fmt.Println(key.ValidAt(keys.SigningTime{Time: before, Proven: true}))
	fmt.Println(key.ValidAt(keys.SigningTime{Time: before}))
	// Output:
	// <nil>
	// key "release-2026" is revoked since 2026-06-01T00:00:00Z, and the signature has no proof that it is older
}
