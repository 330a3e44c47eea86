package poll

import (
	"errors"
	"fmt"
	"strings"
)

// A backend is one row of the platform's table. The first row is the default.
type backend struct {
	name string
	open func() (Poller, error)
}

// New opens the backend of that name; "" is this platform's default. A name that
// does not exist here is an error that matches errors.ErrUnsupported and lists
// the names that do. The Poller must be closed.
func New(name string) (Poller, error) {
	table := backends()
	if name == "" {
		return table[0].open()
	}
	for _, b := range table {
		if b.name == name {
			return b.open()
		}
	}
	return nil, fmt.Errorf("poll: no backend %q here, there are %s: %w",
		name, strings.Join(Names(), ", "), errors.ErrUnsupported)
}

// Names lists the backends that exist on this platform, the default first.
func Names() []string {
	var names []string
	for _, b := range backends() {
		names = append(names, b.name)
	}
	return names
}
