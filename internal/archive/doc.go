// Package archive reads the members of tar archives, as they are or compressed by
// gzip or zstd, and of zip archives, and writes tar archives. It opens nothing: a
// member is a name and a stream of bytes.
//
// An archive is taken to be hostile:
//
//   - A member whose name is absolute, leads out of the archive with "..", holds a
//     NUL, is empty or longer than 4 KiB, or was there before, is refused. The same
//     goes for names that only another system would take so ("C:", backslashes).
//   - Links, devices, pipes and sparse files have no content to read and are said to
//     be that. Directories are passed over.
//   - What an archive expands to is at most 16 GiB, and at most 100 times its size
//     beyond the first 64 MiB; it has at most 2,097,152 members.
//   - A zip archive says everything about a member twice, in the central directory
//     and before the content. Both must agree, and the archive must consist of its
//     members, one directly after the other, and the central directory: then no two
//     programs find different members in it. What is encrypted or compressed in
//     another way than "deflate" is refused.
//   - A tar archive that breaks off is refused, also between two members: it ends with
//     two blocks of zeros. So is one with more than padding behind its end.
//
// Memory does not grow with members or their content, but for eight to forty bytes
// for each member, which find names that are there twice.
package archive
