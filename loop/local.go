package loop

import "reflect"

// Local is the one T that l keeps, zero when it is first asked for: state that a
// package above the loop wants once for each loop, such as a budget that all its
// streams share, without a global variable and a lock. The type is the key, so a
// package that uses one of its own unexported types shares it with nobody. It belongs
// to the loop, and lives as long.
func Local[T any](l *Loop) *T {
	l.check("Local")
	key := reflect.TypeFor[T]()
	if v, ok := l.locals[key]; ok {
		return v.(*T)
	}
	if l.locals == nil {
		l.locals = make(map[reflect.Type]any)
	}
	v := new(T)
	l.locals[key] = v
	return v
}
