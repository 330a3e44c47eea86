//go:build !(linux || darwin || freebsd)

package sock

import "errors"

// PeerCredentials gives errors.ErrUnsupported: package unix has no call for it here.
func PeerCredentials(int) (Credentials, error) { return Credentials{}, errors.ErrUnsupported }
