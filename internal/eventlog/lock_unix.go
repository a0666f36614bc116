//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventlog

import (
	"os"
	"syscall"
)

// tryLock takes the file's lock (flock(2)) if nobody has it. A file system
// without locks counts as locked by us.
func tryLock(f *os.File) (unlock func(), ok bool) {
	fd := int(f.Fd())
	switch err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err {
	case nil:
		return func() { _ = syscall.Flock(fd, syscall.LOCK_UN) }, true
	case syscall.EWOULDBLOCK, syscall.EINTR:
		return nil, false
	default:
		return func() {}, true
	}
}
