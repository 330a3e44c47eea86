package loop

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrGoexit is how a coroutine ends whose body called runtime.Goexit (as
// testing.T's FailNow does).
var ErrGoexit = errors.New("loop: the body called runtime.Goexit")

// A PanicError is a panic of user code, carried to where its result is awaited
// or, if it was a callback's, to Options.OnError.
type PanicError struct {
	// Where says what kind of code panicked: "callback", "coroutine", or "function", as
	// FromFunc and Offload run it.
	Where string
	// Value is what panic was called with.
	Value any
	// Stack is the stack of the code that panicked.
	Stack []byte
}

func newPanicError(where string, v any) *PanicError {
	return &PanicError{where, v, debug.Stack()}
}

// Error is one line; the stack is in Stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("loop: panic in %s: %v", e.Where, e.Value)
}

// Unwrap gives the value if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// report tells of an error that has no other way to the user. The loop goes on.
func (l *Loop) report(err *PanicError) {
	if l.onError != nil {
		l.onError(err)
		return
	}
	l.log.Error("zonda: exception in "+err.Where, "error", err.Value, "stack", string(err.Stack))
}
