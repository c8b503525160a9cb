package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// copyTree copies a file to target (or into it), or what a folder holds.
func copyTree(from, target string, into bool, ignored func(string) (bool, error)) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if into {
			target = filepath.Join(target, filepath.Base(from))
		}
		return copyFile(from, target, info.Mode())
	}
	return filepath.WalkDir(from, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		skip, err := ignored(file)
		if err != nil {
			return err
		}
		if skip && entry.IsDir() {
			return fs.SkipDir
		}
		if skip {
			return nil
		}
		relative, err := filepath.Rel(from, file)
		if err != nil {
			return err
		}
		to := filepath.Join(target, relative)
		if entry.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is neither a file nor a folder", file)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return copyFile(file, to, info.Mode())
	})
}

func copyFile(from, to string, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode.Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		_ = target.Close()
		return err
	}
	return target.Close()
}
