package http1

import (
	"log"
	"log/slog"
	"net/http"
)

// stdServer is what handlers find under http.ServerContextKey: an http.Server that
// accepts nothing itself. Its Handler is the one that Std was given, if the server's
// Handler is Std's; what is registered with its RegisterOnShutdown is called when Shutdown
// begins. Any goroutine may call it.
func (s *Server) stdServer() *http.Server {
	s.stdOnce.Do(func() {
		s.std = &http.Server{MaxHeaderBytes: s.maxHead()}
		if std, ok := s.Handler.(*stdHandler); ok {
			s.std.Handler = std.h
		}
		s.door.open(s)
		if s.Logger != nil {
			s.std.ErrorLog = log.New(logWriter{s.Logger}, "", 0)
		}
	})
	return s.std
}

// A logWriter is a slog.Logger for those who write lines.
type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(p []byte) (int, error) {
	w.log.Error("zonda: net/http: " + string(p[:max(0, len(p)-1)]))
	return len(p), nil
}
