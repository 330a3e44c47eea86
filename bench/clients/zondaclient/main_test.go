//go:build linux

package main

import (
	"testing"

	"github.com/zonda-go/zonda/bench/internal/asker"
	"github.com/zonda-go/zonda/bench/internal/asker/askertest"
)

func TestClient(t *testing.T) {
	askertest.Test(t, func(o asker.Options, rec *asker.Recorder) (func(n int), error) { return open(o, rec, false) })
}
