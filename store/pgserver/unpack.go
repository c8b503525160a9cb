package pgserver

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ulikunitz/xz"
)

// unpack writes a .tar.xz into dir, readable for everybody whatever the umask
// says, since the server may run under another account. Nothing gets written
// outside of dir.
func unpack(packed io.ReadCloser, dir string) error {
	defer func() { _ = packed.Close() }()
	plain, err := xz.NewReader(bufio.NewReaderSize(packed, 1<<20))
	if err != nil {
		return err
	}
	if err := makeDir(dir); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	entries := tar.NewReader(plain)
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unpackEntry(root, entry, entries); err != nil {
			return fmt.Errorf("%s: %w", entry.Name, err)
		}
	}
}

func unpackEntry(root *os.Root, entry *tar.Header, content io.Reader) error {
	name := filepath.Clean(entry.Name)
	if !filepath.IsLocal(name) {
		return errors.New("a path outside of the archive")
	}
	if err := makeFolders(root, filepath.Dir(name)); err != nil {
		return err
	}
	switch entry.Typeflag {
	case tar.TypeDir:
		return makeFolders(root, name)
	case tar.TypeSymlink:
		return root.Symlink(entry.Linkname, name)
	case tar.TypeReg:
		file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		mode := os.FileMode(0o644)
		if entry.Mode&0o100 != 0 {
			mode = 0o755
		}
		return errors.Join(err, file.Chmod(mode), file.Close())
	default:
		return nil
	}
}

// makeFolders makes a folder and those above it inside root.
func makeFolders(root *os.Root, name string) error {
	if err := root.MkdirAll(name, 0o755); err != nil {
		return err
	}
	for ; name != "."; name = filepath.Dir(name) {
		if err := root.Chmod(name, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// makeDir makes a folder and those above it that are missing, open to the
// server's account whatever the umask says.
func makeDir(dir string) error {
	if exists(dir) {
		return nil
	}
	if err := makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, os.ErrExist) { // made by another process meanwhile
			return nil
		}
		return err
	}
	return os.Chmod(dir, 0o755)
}
