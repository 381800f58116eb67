//go:build !linux

package raw

import "os"

// Datasync returns when what was written to the file is on disk.
func Datasync(file *os.File) error { return file.Sync() }
