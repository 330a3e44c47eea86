//go:build !linux

package sock

import (
	"errors"
	"os"
)

// Sendfile gives errors.ErrUnsupported: the other systems' calls differ in what they
// do when they would have to wait, and we have none to try them on. The file can be
// read.
func Sendfile(int, *os.File, int64, int) (int, error) { return 0, errors.ErrUnsupported }
