//go:build !linux

// Idle runs on Linux only.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "idle: measures on Linux only: it reads the memory of another process in /proc")
	os.Exit(1)
}
