package hid

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxDevices bounds the devices that are looked at.
const maxDevices = 256

// Places are where a system keeps its devices. The zero value is Linux's own.
type Places struct {
	Sysfs string // default /sys
	Dev   string // default /dev
}

// Found is a token that is plugged in.
type Found struct {
	// Path is its device file.
	Path string
	// Name is what the maker calls it: whatever a device says.
	Name string
}

// Enumerate lists the tokens that are plugged in, in the order of their names. It
// opens none of them. A system without sysfs has none.
func (p Places) Enumerate() []Found {
	sysfs, dev := p.Sysfs, p.Dev
	if sysfs == "" {
		sysfs = "/sys"
	}
	if dev == "" {
		dev = "/dev"
	}
	entries, err := os.ReadDir(filepath.Join(sysfs, "class", "hidraw"))
	if err != nil {
		return nil
	}
	var out []Found
	for _, entry := range entries[:min(len(entries), maxDevices)] {
		device := filepath.Join(sysfs, "class", "hidraw", entry.Name(), "device")
		descriptor, err := readSmall(filepath.Join(device, "report_descriptor"))
		if err != nil || !isFIDO(descriptor) {
			continue
		}
		out = append(out, Found{Path: filepath.Join(dev, entry.Name()), Name: deviceName(device)})
	}
	slices.SortFunc(out, func(a, b Found) int {
		if len(a.Path) != len(b.Path) {
			return len(a.Path) - len(b.Path) // hidraw9 before hidraw10
		}
		return strings.Compare(a.Path, b.Path)
	})
	return out
}

// deviceName reads HID_NAME of the kernel's uevent file.
func deviceName(device string) string {
	uevent, err := readSmall(filepath.Join(device, "uevent"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(uevent)) {
		if name, found := strings.CutPrefix(line, "HID_NAME="); found {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxDescriptorSize))
}
