module github.com/zonda-go/zonda/bench

go 1.26.0

require (
	github.com/valyala/fasthttp v1.73.0
	github.com/zonda-go/zonda v0.0.0
	golang.org/x/crypto v0.58.0
	golang.org/x/sys v0.49.0
)

require (
	github.com/andybalholm/brotli v1.2.2 // indirect
	github.com/klauspost/compress v1.19.1 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
)

replace github.com/zonda-go/zonda => ../
