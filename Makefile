# make          format, check and test, as before a commit
# make deep     the full counts and bars, up to an hour and more

.PHONY: all fmt lint test race bench fuzz api deep ci

# Time for each fuzz target.
FUZZTIME ?= 5s
# Time for each fuzz target under deep.
DEEP_FUZZTIME ?= 2m

all: fmt lint test

fmt:
	gofmt -w .

lint:
	.ci/lint

test:
	go test ./...

race:
	go test -race ./...

# Side by side with other libraries; needs two quiet cores and more than an hour.
bench:
	cd bench && go run ./cmd/compare
	cd bench && go run ./cmd/compare -conns 512
	cd bench && go run ./cmd/compare -inflight 16
	cd bench && go run ./cmd/compare -kind post
	cd bench && go run ./cmd/compare -kind post -conns 512
	cd bench && go run ./cmd/compare -kind download
	cd bench && go run ./cmd/compare -kind download -conns 512
	cd bench && go run ./cmd/compare -kind echo
	cd bench && go run ./cmd/compare -kind echo -conns 512
	cd bench && go run ./cmd/compare -kind ws
	cd bench && go run ./cmd/compare -kind ws -conns 512
	cd bench && go run ./cmd/compare -kind broadcast -conns 256
	cd bench && go run ./cmd/compare -kind broadcast -conns 256 -inflight 64
	cd bench && go run ./cmd/compare -kind client -conns 1
	cd bench && go run ./cmd/compare -kind client
	cd bench && go run ./cmd/compare -kind client -conns 512
	cd bench && go run ./cmd/idle

fuzz:
	.ci/fuzz $(FUZZTIME)

# Rewrites api.txt from the code.
api:
	go test -run TestAPI -update-api .

deep:
	DEEP_FUZZTIME=$(DEEP_FUZZTIME) .ci/deep

ci:
	.ci/run
