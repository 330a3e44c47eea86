//go:build !linux

package main

import (
	"errors"
	"testing"
)

const limitedRole, stormRole = "TCPECHO_TEST_LIMITED", "TCPECHO_TEST_STORM"

const noProc = "what a process holds is asked of Linux's /proc"

func runLimited(string) error { return errors.New(noProc) }
func runStorm(string) error   { return errors.New(noProc) }

func TestOutOfDescriptors(t *testing.T)          { t.Skip(noProc) }
func TestMemoryOfThoseWhoNeverRead(t *testing.T) { t.Skip(noProc) }
func TestStorm(t *testing.T)                     { t.Skip(noProc) }
