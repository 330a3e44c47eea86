package http1

import (
	"context"
	"log/slog"
	"strconv"
)

// log writes the record of a request that has ended.
func (ex *exchange) log() {
	log := ex.c.sv.srv.AccessLog
	if log == nil {
		return
	}
	r, w := &ex.req, &ex.w
	status, sent := 0, int64(0)
	if w.begun {
		status = w.Status()
		if !w.head {
			sent = w.written
		}
	}
	ctx := context.Context(context.Background())
	if ex.co != nil {
		ctx = ex.co
	}
	attrs := [...]slog.Attr{
		slog.String("method", r.Method),
		slog.String("target", r.Target),
		slog.String("proto", "HTTP/1."+strconv.Itoa(r.Minor)),
		slog.Int("status", status),
		slog.Int64("bytes", sent),
		slog.Int64("received", ex.body.total),
		slog.Duration("duration", ex.c.sv.clock()-ex.seldom().began),
		slog.String("remote", r.RemoteAddr.String()),
		slog.String("client", r.ClientIP().String()),
		slog.String("host", r.Host),
		slog.String("agent", r.Header.Get("User-Agent")),
	}
	log.LogAttrs(ctx, slog.LevelInfo, "request", attrs[:]...)
}

// logRefusal writes the record of what was no request.
func (c *conn) logRefusal(status int, err error) {
	if log := c.sv.srv.AccessLog; log != nil {
		log.LogAttrs(context.Background(), slog.LevelInfo, "request",
			slog.Int("status", status),
			slog.String("remote", c.s.RemoteAddr().String()),
			slog.Any("error", err))
	}
}
