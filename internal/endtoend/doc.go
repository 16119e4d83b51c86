// Package endtoend holds no code: its tests build the program once and drive
// it as its users do, as a process with arguments, streams, files and signals.
//
// What they hold is what a script may rely on: the exit status of every kind
// of bad input, one clear error that names what is wrong, the same reason in
// JSON, and that a failure leaves no file behind. Every failing command runs
// twice, once for people and once with --format json, between two pictures of
// its directory; see world.fails.
//
// Strings that evidence may use against its reader, the change of a file while
// it is read, signals and full disks are tried on the process too, since most
// of that is lost in a test that calls a function. Cases that need Linux carry
// that build tag. A case that needs privileges which the machine does not give
// is skipped with a message, and fails with CI=true.
package endtoend
