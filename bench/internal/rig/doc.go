// Package rig is the apparatus the benchmark commands share: it builds
// programs, starts a server on a processor of its own, and lets the load
// measure it from another one. It works on Linux only, and everything it
// starts ends with the context it was given, or with this process.
package rig

// Module is the path of this module, whose packages are built.
const Module = "github.com/zonda-go/zonda/bench"
