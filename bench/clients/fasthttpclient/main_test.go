//go:build linux

package main

import (
	"testing"

	"github.com/zonda-go/zonda/bench/internal/asker/askertest"
)

func TestClient(t *testing.T) { askertest.Test(t, open) }
