package http1

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
)

// damaged is an error of decoding a body. It says so if the encoding is to blame, and not
// what is below it: the connection, or who has cancelled the reading.
func damaged(kind string, err error) error {
	switch err {
	case io.ErrUnexpectedEOF, gzip.ErrHeader, gzip.ErrChecksum, zlib.ErrHeader, zlib.ErrChecksum, zlib.ErrDictionary:
	default:
		if _, corrupt := err.(flate.CorruptInputError); !corrupt {
			return err
		}
	}
	return fmt.Errorf("%w: %s: %w", ErrBadResponse, kind, err)
}
