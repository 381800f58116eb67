package raw

import (
	"os"
	"syscall"
)

// Datasync returns when what was written to the file is on disk.
func Datasync(file *os.File) error {
	for {
		if err := syscall.Fdatasync(int(file.Fd())); err != syscall.EINTR {
			return err
		}
	}
}
