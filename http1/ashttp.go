package http1

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// AsHTTP makes a native handler a net/http one, so that the same program runs under
// net/http's server and net/http/httptest. Its requests are answered on l, which must run,
// and on another goroutine than the one that calls it. Any goroutine may call the result.
//
// Each request goes through a connection in memory, so the handler sees what it would see
// under a Server: bodies that stream, informational responses, trailers, Upgrade (over
// HTTP/1.1), cancellation when the client leaves. An error, or a panic, that would break
// the connection becomes http.ErrAbortHandler. Not there: Hijack without an answer
// (the other side takes only HTTP), and the limits and timeouts of a Server, which are
// net/http's to set. It costs four goroutines while it runs, and some microseconds.
func AsHTTP(l *loop.Loop, h Handler) http.Handler {
	return &asHTTP{&Server{
		Handler: h,
		MaxHead: 1 << 20, MaxBody: -1,
		HeadTimeout: -1, IdleTimeout: -1, BodyTimeout: -1, MinRate: -1, WriteTimeout: -1,
	}, l}
}

type asHTTP struct {
	s *Server
	l *loop.Loop
}

// memoryConn is a connection in memory that has the addresses of a real one.
type memoryConn struct {
	net.Conn
	local, remote net.Addr
}

func (c memoryConn) LocalAddr() net.Addr  { return c.local }
func (c memoryConn) RemoteAddr() net.Addr { return c.remote }

// ServeHTTP sends the request to the loop, and passes on the response.
func (a *asHTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	near, err := a.connect(r)
	if err != nil {
		http.Error(w, "503 Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	defer near.Close()
	stop := context.AfterFunc(r.Context(), func() { near.Close() })
	defer stop()
	_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/2 is it anyway
	out := outgoing(r)
	go func() { // it ends with near, or with the body, which net/http ends
		if err := out.Write(near); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			near.Close() // the client will not send the rest
		}
	}()
	in := bufio.NewReader(near)
	for {
		resp, err := http.ReadResponse(in, out)
		switch {
		case err != nil:
			panic(http.ErrAbortHandler) // no whole answer will come
		case resp.StatusCode == http.StatusSwitchingProtocols:
			pass(w, resp, in, near, stop)
			return
		case resp.StatusCode < 200:
			copyHeader(w.Header(), resp.Header)
			w.WriteHeader(resp.StatusCode)
			clear(w.Header())
		default:
			answerWith(w, resp, in)
			return
		}
	}
}

// connect makes the connection, whose far end is the server's.
func (a *asHTTP) connect(r *http.Request) (net.Conn, error) {
	near, far := net.Pipe()
	c := memoryConn{far, far.LocalAddr(), far.RemoteAddr()}
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		c.local = addr
	}
	if addr, err := net.ResolveTCPAddr("tcp", r.RemoteAddr); err == nil { // numbers: nothing is looked up
		c.remote = addr
	}
	_, err := a.s.begin()
	if err == nil {
		_, err = loop.Do(context.Background(), a.l, func(*loop.Co) (none struct{}, err error) {
			s, err := stream.Pump(a.l, c)
			if err == nil {
				a.s.service(a.l).take(s)
			}
			return none, err
		})
	}
	if err != nil {
		near.Close()
		far.Close()
	}
	return near, err
}

// outgoing is r as a client would send it.
func outgoing(r *http.Request) *http.Request {
	out := r.WithContext(context.Background())
	out.Header = r.Header.Clone()
	out.Host = cmp.Or(r.Host, "localhost") // HTTP/1.0 needs none; Write does
	if out.Close = r.Header.Get("Upgrade") == ""; out.Close {
		out.Header.Del("Connection")
	}
	out.Header.Del("Expect") // net/http sends 100 when the body is read
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = nil // and Write adds none
	}
	if r.Body == http.NoBody {
		out.Body = nil
	}
	return out
}

// answerWith passes a response on, and what is not more to come at once.
func answerWith(w http.ResponseWriter, resp *http.Response, in *bufio.Reader) {
	h := w.Header()
	copyHeader(h, resp.Header)
	for name := range resp.Trailer {
		h.Add("Trailer", name)
	}
	w.WriteHeader(resp.StatusCode)
	rc := http.NewResponseController(w)
	buf := make([]byte, copyBuffer)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return // the client has left
			}
			if resp.ContentLength < 0 && in.Buffered() == 0 {
				_ = rc.Flush() // the handler has flushed, or is slow
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	for name, values := range resp.Trailer {
		for _, v := range values {
			h.Add(http.TrailerPrefix+name, v)
		}
	}
}

// copyHeader copies what is not the connection's own.
func copyHeader(to, from http.Header) {
	for name, values := range from {
		if name != "Connection" && name != "Keep-Alive" {
			to[name] = append([]string(nil), values...)
		}
	}
}

// pass has the client and the handler speak another protocol with each other.
func pass(w http.ResponseWriter, resp *http.Response, in *bufio.Reader, near net.Conn, stop func() bool) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "501 Not Implemented", http.StatusNotImplemented)
		return
	}
	defer c.Close()
	stop() // the request's context says nothing any more
	var head strings.Builder
	_ = resp.Header.Write(&head)
	_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n"+head.String()+"\r\n")
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(near, rw.Reader)
		near.Close()
		close(ended)
	}()
	_, _ = io.Copy(c, in)
	c.Close()
	<-ended
}
