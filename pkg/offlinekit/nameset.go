package offlinekit

import (
	"fmt"
	"hash/maphash"
	"strings"
)

// nameSet holds the names of files, and with them the directories that they are in,
// as a file system that does not tell upper from lower case would. It keeps sixteen
// bytes for each, under a seed that nobody knows beforehand.
type nameSet struct {
	seed  maphash.Seed
	paths map[uint64]uint64 // folded to exact; files have the lowest bit set
	last  string            // the directory of the last name
}

func newNameSet() *nameSet {
	return &nameSet{seed: maphash.MakeSeed(), paths: make(map[uint64]uint64)}
}

// add returns why the name cannot stand beside those that were added.
func (s *nameSet) add(name string) error {
	dir := name[:strings.LastIndexByte(name, '/')+1]
	if dir != s.last {
		for i := range len(dir) {
			if dir[i] == '/' && !s.put(dir[:i], false) {
				return fmt.Errorf("the directory %q is a file too, or another differs only by case", dir[:i])
			}
		}
		s.last = dir
	}
	if !s.put(name, true) {
		return fmt.Errorf("the name %q is there twice, is a directory too, or another differs only by case", name)
	}
	return nil
}

// put adds a path, and reports whether it fits: a directory may be there already.
func (s *nameSet) put(path string, file bool) bool {
	folded, exact := maphash.String(s.seed, fold(path)), maphash.String(s.seed, path)&^1
	if file {
		exact |= 1
	}
	old, there := s.paths[folded]
	s.paths[folded] = exact
	return !there || !file && old == exact
}
