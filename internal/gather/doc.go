// Package gather finds the evidence in what a user names: files, directories,
// patterns, archives and standard input.
//
// The order is that of the names given; within a directory, that of the whole
// paths by their bytes (as LC_ALL=C sort has it); within an archive, that of the
// archive. It is the same on every run and machine.
//
// A directory is walked to its end. Symbolic links in it are not followed, so it
// has no loops and nothing outside of it is read; what is no regular file is
// passed over, and nothing is passed over in silence. A file that is named itself
// may be a link or a pipe.
//
// A pattern is matched step by step between slashes, by the rules of path/filepath;
// "**" alone is any number of directories, none too. Hidden files match only a step
// that has the dot.
//
// Memory does not grow with the number of files: the names in a large directory
// are sorted in a temporary file.
package gather
