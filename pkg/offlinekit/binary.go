package offlinekit

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// addBinaries takes programs, after a look at whether they run on their platforms.
func (b *Build) addBinaries() error {
	for _, platform := range slices.Sorted(maps.Keys(b.plan.Binaries)) {
		if err := b.addBinary(platform, b.plan.Binaries[platform]); err != nil {
			return err
		}
		b.counts.Binaries++
	}
	return nil
}

func (b *Build) addBinary(platform, path string) error {
	name, err := binaryName(platform)
	if err != nil {
		return err
	}
	f, err := input.Open(path, nil, input.MaxArtifact)
	if err != nil {
		return err
	}
	defer f.Close()
	if found := platformOf(f); found != platform {
		return fault.New(fault.KitInput, "%s is not a program for %s but %s", input.Display(path), platform, found).With("path", path)
	}
	sum, size, err := digestOf(f.Reader())
	if err != nil {
		return fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(path)).With("path", path)
	}
	return b.addFile(binDir+name, path, size, sum, true)
}

// binaryName is how a kit calls stella for a platform.
func binaryName(platform string) (string, error) {
	system, machine, found := strings.Cut(platform, "/")
	if !found || !IsWord(system) || !IsWord(machine) {
		return "", fault.New(fault.UsageInvalid, "%q is not a platform", platform).WithHint("say system and machine: linux/amd64=FILE")
	}
	name := "stella-" + system + "-" + machine
	if system == "windows" {
		name += ".exe"
	}
	return name, nil
}

// platformOf tells from its header for which platform a program is, in Go's words.
func platformOf(r io.ReaderAt) string {
	machine := func(system string, known map[string]string, code fmt.Stringer) string {
		if name, found := known[code.String()]; found {
			return system + "/" + name
		}
		return "a program for " + system + " on " + code.String()
	}
	if f, err := elf.NewFile(r); err == nil {
		return machine("linux", map[string]string{"EM_X86_64": "amd64", "EM_AARCH64": "arm64", "EM_386": "386", "EM_ARM": "arm", "EM_RISCV": "riscv64", "EM_S390": "s390x", "EM_PPC64": "ppc64le"}, f.Machine)
	}
	if f, err := macho.NewFile(r); err == nil {
		return machine("darwin", map[string]string{"CpuAmd64": "amd64", "CpuArm64": "arm64"}, f.Cpu)
	}
	if f, err := pe.NewFile(r); err == nil {
		return machine("windows", map[string]string{"0x8664": "amd64", "0xaa64": "arm64", "0x14c": "386"}, hexCode(f.Machine))
	}
	return "no program that is known"
}

type hexCode uint16

// String implements fmt.Stringer.
func (c hexCode) String() string { return fmt.Sprintf("%#x", uint16(c)) }
