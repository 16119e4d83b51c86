package hid

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fidoDescriptor is that of CTAP 2.1, section 11.2.8.2.
func fidoDescriptor() []byte {
	return []byte{
		0x06, 0xd0, 0xf1, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x20, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02,
		0x09, 0x21, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xc0,
	}
}

func TestEnumerate(t *testing.T) {
	p := Places{Sysfs: t.TempDir(), Dev: "/dev"}
	for name, files := range map[string]map[string]string{
		"hidraw10": {"report_descriptor": string(fidoDescriptor()), "uevent": "DRIVER=hid-generic\nHID_NAME=Yubico YubiKey\nHID_UNIQ=\n"},
		"hidraw9":  {"report_descriptor": string(fidoDescriptor())},
		"hidraw0":  {"report_descriptor": "\x05\x01\x09\x06\xa1\x01\xc0", "uevent": "HID_NAME=a keyboard\n"},
		"hidraw1":  {"uevent": "HID_NAME=no descriptor\n"},
		"hidraw2":  {"report_descriptor": string(fidoDescriptor()[:2])},
	} {
		dir := filepath.Join(p.Sysfs, "class", "hidraw", name, "device")
		require.NoError(t, os.MkdirAll(dir, 0o700))
		for file, content := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600))
		}
	}
	assert.Equal(t, []Found{{"/dev/hidraw9", ""}, {"/dev/hidraw10", "Yubico YubiKey"}}, p.Enumerate())
	assert.Empty(t, Places{Sysfs: t.TempDir()}.Enumerate())
}

func TestIsFIDO(t *testing.T) {
	assert.True(t, isFIDO(fidoDescriptor()))
	assert.True(t, isFIDO(append([]byte{0xfe, 0x02, 0x00, 1, 2}, fidoDescriptor()...)), "behind a long item")
	for i := range 5 {
		assert.False(t, isFIDO(fidoDescriptor()[:i]))
	}
	assert.False(t, isFIDO([]byte{0x06, 0xd0, 0xf1, 0x09, 0x02}), "another usage")
	assert.False(t, isFIDO([]byte{0x09, 0x01, 0x06, 0xd0, 0xf1}), "the usage of another page")
	assert.False(t, isFIDO([]byte{0xfe}))
}
