package tpm_test

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

func keyFiles(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.pem"))
	require.NoError(t, err)
	require.Len(t, paths, 5)
	files := make(map[string][]byte)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		files[filepath.Base(path)] = content
	}
	return files
}

// TestKeyFileRoundTrip writes what it read: the same bytes for files of ours.
func TestKeyFileRoundTrip(t *testing.T) {
	for name, content := range keyFiles(t) {
		again, err := tpm.ParseKeyFile(content)
		require.NoError(t, err, name)
		if name == "openssl.pem" { // whose true is 1 and not 255
			assert.NotEqual(t, string(content), string(again))
			continue
		}
		assert.Equal(t, string(content), string(again), name)
	}
}

// TestKeyFileMutated cuts a file at each length, and adds to it.
func TestKeyFileMutated(t *testing.T) {
	for name, content := range keyFiles(t) {
		block, _ := pem.Decode(content)
		parse := func(der []byte) ([]byte, error) {
			return tpm.ParseKeyFile(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}))
		}
		for i := range block.Bytes {
			_, err := parse(block.Bytes[:i])
			require.Equal(t, fault.KeyMalformed, fault.ReasonOf(err), "%s: %d bytes", name, i)
		}
		_, err := parse(append(bytes.Clone(block.Bytes), 0))
		require.Equal(t, fault.KeyMalformed, fault.ReasonOf(err), name)
	}
}

func TestKeyFileRefused(t *testing.T) {
	good := string(keyFiles(t)["pin.pem"])
	block, _ := pem.Decode([]byte(good))
	with := func(change func(der []byte)) string {
		der := bytes.Clone(block.Bytes)
		change(der)
		return string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}))
	}
	oid := bytes.Index(block.Bytes, []byte{0x67, 0x81, 0x05, 0x0a, 0x01, 0x03})
	require.Positive(t, oid)
	for _, row := range []struct {
		name, content string
		want          fault.Reason
		words         string
	}{
		{"empty", "", fault.KeyMalformed, "no PEM block"},
		{"text", "hello", fault.KeyMalformed, "no PEM block"},
		{"ordinary key", strings.ReplaceAll(good, "TSS2 ", ""), fault.KeyUnsupported, `"PRIVATE KEY"`},
		{"two keys", good + good, fault.KeyMalformed, "more than the one"},
		{"text before", "x\n" + good, fault.KeyMalformed, "more than the one"},
		{"text after", good + "x\n", fault.KeyMalformed, "more than the one"},
		{"header", strings.Replace(good, "-----\n", "-----\nA: b\n\n", 1), fault.KeyMalformed, "more than the one"},
		{"unknown type", with(func(der []byte) { der[oid+5] = 9 }), fault.KeyUnsupported, "2.23.133.10.1.9"},
		{"odd boolean", with(func(der []byte) { der[oid+10] = 2 }), fault.KeyMalformed, "field 0"},
		{"another tag", with(func(der []byte) { der[oid+6] = 0xa6 }), fault.KeyMalformed, "no parent"},
		{"public part too short", with(func(der []byte) { der[bytes.Index(der, []byte{0x00, 0x56})+1]-- }), fault.KeyMalformed, "public part"},
		{"private part too long", with(func(der []byte) { der[bytes.Index(der, []byte{0x04, 0x81, 0x80, 0x00})+4]++ }), fault.KeyMalformed, "private part"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := tpm.ParseKeyFile([]byte(row.content))
			require.Error(t, err)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, err.Error(), row.words)
		})
	}
}

// TestKeyFileThatCannotSign opens files of keys that are no signing keys here.
func TestKeyFileThatCannotSign(t *testing.T) {
	good := keyFiles(t)["pin.pem"]
	block, _ := pem.Decode(good)
	oid := bytes.Index(block.Bytes, []byte{0x67, 0x81, 0x05, 0x0a, 0x01, 0x03})
	attributes := bytes.Index(block.Bytes, []byte{0x00, 0x04, 0x00, 0x72})
	require.Positive(t, attributes)
	for name, change := range map[string]func(der []byte){
		"importable":          func(der []byte) { der[oid+5] = 4 },
		"sealed":              func(der []byte) { der[oid+5] = 5 },
		"restricted":          func(der []byte) { der[attributes+1] |= 1 },
		"not for signing":     func(der []byte) { der[attributes+1] = 0 },
		"policy without one":  func(der []byte) { der[attributes+3] &^= 0x40 },
		"point off the curve": func(der []byte) { der[attributes+24] ^= 1 },
		"unknown parent":      func(der []byte) { der[bytes.Index(der, []byte{0x40, 0, 0, 1})+3] = 0x0c },
	} {
		t.Run(name, func(t *testing.T) {
			der := bytes.Clone(block.Bytes)
			change(der)
			path := filepath.Join(t.TempDir(), "k")
			require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}), 0o600))
			d := driver(secret, newTPM(t).Socket)
			_, err := d.Open(t.Context(), ref(t, "tpm:"+path))
			require.Error(t, err)
			assert.Contains(t, []fault.Reason{fault.KeyUnsupported, fault.KeyMalformed}, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, err.Error(), path)
		})
	}
}

func TestKeyFileTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	require.NoError(t, os.WriteFile(path, make([]byte, 65<<10), 0o600))
	_, err := driver("", "/nowhere").Open(t.Context(), ref(t, "tpm:"+path))
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
	_, err = driver("", "/nowhere").Open(t.Context(), ref(t, "tpm:"+t.TempDir()))
	assert.Equal(t, fault.InputNotRegular, fault.ReasonOf(err))
}

// FuzzKeyFile has the property that what was written once is read and written
// again as it is.
func FuzzKeyFile(f *testing.F) {
	for _, content := range keyFiles(f) {
		block, _ := pem.Decode(content)
		f.Add(block.Bytes)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		one, err := tpm.ParseKeyFile(pem.EncodeToMemory(&pem.Block{Type: "TSS2 PRIVATE KEY", Bytes: der}))
		if err != nil {
			if r := fault.ReasonOf(err); r != fault.KeyMalformed && r != fault.KeyUnsupported {
				t.Fatalf("reason %s: %v", r, err)
			}
			return
		}
		if one == nil {
			return // of a kind that is not written
		}
		two, err := tpm.ParseKeyFile(one)
		if err != nil || !bytes.Equal(one, two) {
			t.Fatalf("%v: %x and %x", err, one, two)
		}
	})
}
