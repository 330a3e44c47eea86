package http1

// keptBuffers is how much memory waits to be used again, in bytes.
const keptBuffers = 512 << 10

// buffers are pieces of memory of one size that wait to be used again. They belong to
// the loop.
type buffers struct {
	size int
	idle [][]byte
}

// take gives an empty one.
func (b *buffers) take() []byte {
	if n := len(b.idle); n > 0 {
		p := b.idle[n-1]
		b.idle = b.idle[:n-1]
		return p
	}
	return make([]byte, 0, b.size)
}

// give takes one back. Another may have taken its place when it had to grow.
func (b *buffers) give(p []byte) {
	if cap(p) == b.size && len(b.idle) < keptBuffers/b.size {
		b.idle = append(b.idle, p[:0])
	}
}
