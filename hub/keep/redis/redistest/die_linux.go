package redistest

import (
	"os/exec"
	"syscall"
)

// dieWithUs lets the kernel end the command when this process is killed, so that
// a test that ends badly leaves no server behind.
func dieWithUs(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
