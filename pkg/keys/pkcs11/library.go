package pkcs11

import (
	"debug/elf"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// entryPoint is the one function that every module exports (PKCS #11 2.40, C_GetFunctionList).
const entryPoint = "C_GetFunctionList"

// checkLibrary says what is wrong with a path before the system's loader is
// given it: that says the same for a file which is not there and for one which
// is no module, and runs a library's own start-up code before it can be asked.
func checkLibrary(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return moduleFault(path, "does not exist").WithHint("check module-path, or install the token's library")
	case err != nil:
		return moduleFault(path, "cannot be read")
	case !info.Mode().IsRegular():
		return moduleFault(path, "is not a file").WithHint("name the library itself")
	case runtime.GOOS != "linux":
		return nil
	}
	return checkELF(path)
}

func checkELF(path string) error {
	file, err := elf.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return moduleFault(path, "cannot be read")
		}
		return moduleFault(path, "is not a shared library")
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil || !slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return s.Name == entryPoint && s.Section != elf.SHN_UNDEF }) {
		return moduleFault(path, "is a library, but no PKCS #11 module: it has no function %s", entryPoint)
	}
	return nil
}

func moduleFault(path, format string, args ...any) *fault.Error {
	f := fault.New(fault.ModuleFailed, "PKCS #11 module %q "+format, append([]any{path}, args...)...)
	return f.With("module", path)
}
