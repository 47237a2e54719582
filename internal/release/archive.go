package release

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"

	"cairn/internal/fault"
)

// A bundle is a ZIP archive in one canonical form, so that a release has one bundle to the byte, whatever version of Cairn
// or Go writes it: files stored without compression in a fixed order, dated 1980-01-01, without extra fields, comments,
// or gaps. Any other archive is refused: what a reader of ZIP might see differently cannot be in it.
type archived struct {
	name string
	size uint32
	crc  uint32
	at   uint32 // of the local header
}

const (
	localSignature   = 0x04034b50
	centralSignature = 0x02014b50
	endSignature     = 0x06054b50
	localSize        = 30
	endSize          = 22
	zipVersion       = 20
	zipDate          = 0x0021 // 1980-01-01
	maxArchive       = 1<<32 - 1<<20
	maxArchived      = 100 // files
)

// common is what the local and the central header of a file share.
func (f archived) common(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint16(dst, zipVersion)
	dst = le.AppendUint16(dst, 0) // flags
	dst = le.AppendUint16(dst, 0) // stored
	dst = le.AppendUint16(dst, 0) // midnight
	dst = le.AppendUint16(dst, zipDate)
	dst = le.AppendUint32(dst, f.crc)
	dst = le.AppendUint32(dst, f.size)
	dst = le.AppendUint32(dst, f.size)
	dst = le.AppendUint16(dst, uint16(len(f.name)))
	return le.AppendUint16(dst, 0) // extra
}

func (f archived) local() []byte {
	dst := binary.LittleEndian.AppendUint32(nil, localSignature)
	return append(f.common(dst), f.name...)
}

func (f archived) central(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, centralSignature)
	dst = le.AppendUint16(dst, zipVersion)
	dst = f.common(dst)
	dst = append(dst, make([]byte, 2+2+2+4)...) // comment, disk, attributes
	dst = le.AppendUint32(dst, f.at)
	return append(dst, f.name...)
}

// directory is what follows the files.
func directory(files []archived, at uint32) []byte {
	var dst []byte
	for _, f := range files {
		dst = f.central(dst)
	}
	size := uint32(len(dst))
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, endSignature)
	dst = append(dst, 0, 0, 0, 0) // disks
	dst = le.AppendUint16(dst, uint16(len(files)))
	dst = le.AppendUint16(dst, uint16(len(files)))
	dst = le.AppendUint32(dst, size)
	dst = le.AppendUint32(dst, at)
	return append(dst, 0, 0) // comment
}

// writeArchive writes an archive of files whose sizes and checksums are known.
func writeArchive(w io.Writer, files []archived, content func(name string, w io.Writer) error) error {
	at := int64(0)
	for i := range files {
		f := &files[i]
		f.at = uint32(at)
		local := f.local()
		if at += int64(len(local)) + int64(f.size); at > maxArchive {
			return fault.New(fault.Invalid, "The bundle would be larger than 4 GB, which one file cannot hold.")
		}
		if _, err := w.Write(local); err != nil {
			return err
		}
		if err := content(f.name, w); err != nil {
			return err
		}
	}
	_, err := w.Write(directory(files, uint32(at)))
	return err
}

// readArchive reads a whole archive in canonical form and returns its files in their order.
func readArchive(r io.ReaderAt, size int64) (names []string, contents map[string][]byte, err error) {
	if size < endSize || size > maxArchive+1<<20 {
		return nil, nil, fault.New(fault.Invalid, "The file is no bundle of Cairn's: write one with cairn release bundle.")
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), data); err != nil {
		return nil, nil, fault.Wrap(fault.Unavailable, err, "The bundle cannot be read to its end.")
	}
	if binary.LittleEndian.Uint32(data) != localSignature {
		return nil, nil, fault.New(fault.Invalid, "The file is no bundle of Cairn's: write one with cairn release bundle.")
	}
	contents = map[string][]byte{}
	var files []archived
	at := 0
	for at+localSize <= len(data) && binary.LittleEndian.Uint32(data[at:]) == localSignature && len(files) <= maxArchived {
		head := data[at:]
		f := archived{at: uint32(at), crc: binary.LittleEndian.Uint32(head[14:]), size: binary.LittleEndian.Uint32(head[18:])}
		nameSize := int(binary.LittleEndian.Uint16(head[26:]))
		if nameSize > 100 || nameSize > len(head)-localSize {
			return nil, nil, damaged("its archive breaks off at byte %d", at)
		}
		f.name = string(head[localSize : localSize+nameSize])
		local := f.local()
		if !bytes.Equal(local, head[:len(local)]) {
			return nil, nil, damaged("the header of %s at byte %d is not canonical", printable(f.name), at)
		}
		at += len(local)
		if uint64(f.size) > uint64(len(data)-at) {
			return nil, nil, damaged("%s breaks off", printable(f.name))
		}
		content := data[at : at+int(f.size)]
		if crc32.ChecksumIEEE(content) != f.crc {
			return nil, nil, damaged("%s has changed: its checksum is wrong", printable(f.name))
		}
		if _, twice := contents[f.name]; twice {
			return nil, nil, damaged("%s stands in it twice", printable(f.name))
		}
		at += int(f.size)
		contents[f.name] = content
		names = append(names, f.name)
		files = append(files, f)
	}
	if !bytes.Equal(directory(files, uint32(at)), data[at:]) {
		return nil, nil, damaged("the directory at byte %d is not that of its files", at)
	}
	return names, contents, nil
}

// printable is a file name as a message may show it.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, name)
}
