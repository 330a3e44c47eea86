package wswire

import (
	"encoding/binary"
	"math/bits"
)

// Mask masks b, or unmasks it, with key (RFC 6455, 5.3), whose lowest byte is for the
// first of b, and returns the key as the byte behind b needs it. So a payload may come in
// any pieces.
func Mask(key uint32, b []byte) uint32 {
	wide := uint64(key)<<32 | uint64(key)
	for len(b) >= 32 {
		mask8(b[:8], wide)
		mask8(b[8:16], wide)
		mask8(b[16:24], wide)
		mask8(b[24:32], wide)
		b = b[32:]
	}
	for len(b) >= 8 {
		mask8(b[:8], wide)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(key)
		key = bits.RotateLeft32(key, -8)
	}
	return key
}

func mask8(b []byte, wide uint64) {
	binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
}
