package stream_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Behind a proxy, such as HAProxy with send-proxy-v2, a server knows its clients by the
// header in front of each connection.
func ExampleServer_proxyFrom() {
	srv := &stream.Server{
		ProxyFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Handler: func(co *loop.Co, s *stream.Stream) error {
			name, err := loop.Await(co, s.ReadUntil("\n", 100))
			if err != nil {
				return err
			}
			fmt.Printf("%v says %s", s.RemoteAddr(), name)
			return nil
		},
	}
	srv.OnListen = func(addr net.Addr) {
		go func() { // a proxy, and what its client says
			defer srv.Shutdown(context.Background())
			c, err := net.Dial(addr.Network(), addr.String())
			if err != nil {
				fmt.Println(err)
				return
			}
			defer c.Close()
			fmt.Fprint(c, "PROXY TCP4 192.0.2.1 203.0.113.7 12345 443\r\n"+"hello\n")
			_, _ = io.Copy(io.Discard, c)
		}()
	}
	err := srv.ListenAndServe("tcp", "127.0.0.1:0")
	fmt.Println(err)
	// Output:
	// 192.0.2.1:12345 says hello
	// stream: server closed
}
