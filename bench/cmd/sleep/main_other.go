//go:build !linux

// Sleep runs on Linux only.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "sleep: measures on Linux only: it needs epoll, CPU affinity and the CPU clock of another process")
	os.Exit(1)
}
