package sock

import "strings"

// IsLocalhost reports whether a host's name means this machine wherever it is said,
// so that it need not be looked up (RFC 6761, section 6.3).
func IsLocalhost(host string) bool { return strings.EqualFold(host, "localhost") }

// IsAbstract reports whether the name of a Unix socket is not a file's. Only Linux
// has such names.
func IsAbstract(name string) bool { return strings.HasPrefix(name, "@") }
