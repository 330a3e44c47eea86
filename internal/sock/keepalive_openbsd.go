package sock

// OpenBSD sets the times of keep-alive for the whole system only.
const (
	optKeepIdle     = -1
	optKeepInterval = -1
	optKeepCount    = -1
)
