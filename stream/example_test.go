package stream_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// connected runs body with the two ends of a connection in memory.
func connected(body func(co *loop.Co, near, far *stream.Stream) error) {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	if _, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
		a, b := looptest.Pipe(0)
		near, err := stream.New(l, a)
		if err != nil {
			return 0, err
		}
		defer near.Abort()
		far, err := stream.New(l, b)
		if err != nil {
			return 0, err
		}
		defer far.Abort()
		return 0, body(co, near, far)
	}); err != nil {
		log.Fatal(err)
	}
}

func ExampleStream_ReadUntilRegexp() {
	connected(func(co *loop.Co, near, far *stream.Stream) error {
		near.Write([]byte("Subject: hello\r\n\nThe text."))
		near.Close()
		blankLine := regexp.MustCompile(`\r?\n\r?\n`) // it says how it ends
		head, err := loop.Await(co, far.ReadUntilRegexp(blankLine, 64<<10))
		if err != nil {
			return err
		}
		text, err := loop.Await(co, far.ReadUntilClose(1<<20))
		fmt.Printf("%q\n%q\n", head, text)
		return err
	})
	// Output:
	// "Subject: hello\r\n\n"
	// "The text."
}

func ExampleStream_ReadInto() {
	connected(func(co *loop.Co, near, far *stream.Stream) error {
		near.Write([]byte("0123456789"))
		p := make([]byte, 4)
		for range 2 {
			if _, err := loop.Await(co, far.ReadInto(p)); err != nil {
				return err
			}
			fmt.Printf("%s\n", p)
		}
		n, err := loop.Await(co, far.ReadSomeInto(p))
		fmt.Printf("%s\n", p[:n])
		return err
	})
	// Output:
	// 0123
	// 4567
	// 89
}

func ExampleStream_WriteV() {
	connected(func(co *loop.Co, near, far *stream.Stream) error {
		body := []byte("hello")
		near.WriteV(fmt.Appendf(nil, "%d ", len(body)), body, []byte("\n"))
		line, err := loop.Await(co, far.ReadUntil("\n", 100))
		fmt.Printf("%q\n", line)
		return err
	})
	// Output:
	// "5 hello\n"
}

func ExampleStream_Sendfile() {
	dir, err := os.MkdirTemp("", "zonda")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "poem")
	if err := os.WriteFile(name, []byte("Tyger Tyger"), 0o600); err != nil {
		log.Fatal(err)
	}
	connected(func(co *loop.Co, near, far *stream.Stream) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close() // not before the future is done
		near.Write([]byte("11\n"))
		sent := near.Sendfile(f, 0, 11, nil)
		near.Write([]byte("\n"))
		n, err := loop.Await(co, sent)
		if err != nil {
			return err
		}
		near.Close()
		got, err := loop.Await(co, far.ReadUntilClose(100))
		fmt.Printf("%d bytes of a file in %q\n", n, got)
		return err
	})
	// Output:
	// 11 bytes of a file in "11\nTyger Tyger\n"
}

func ExampleStream_OnClose() {
	connected(func(co *loop.Co, near, far *stream.Stream) error {
		ended := loop.NewPromise[error](co.Loop())
		near.OnClose(func(err error) { ended.Set(err) })
		far.Close()
		if err := near.CloseWrite(); err != nil {
			return err
		}
		err, _ := loop.Await(co, ended.Future())
		fmt.Println("in good order:", err == io.EOF)
		return nil
	})
	// Output:
	// in good order: true
}

func ExampleStream_SetWriteLimits() {
	connected(func(co *loop.Co, near, far *stream.Stream) error {
		near.SetWriteLimits(stream.WriteLimits{Queue: 1 << 20, High: 256 << 10})
		_, err := near.Write(make([]byte, 2<<20)).Result()
		fmt.Println(err)
		return nil
	})
	// Output:
	// stream: write buffer full
}
